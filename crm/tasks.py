"""What workers do for the customer record. Each task calls one service, and may be run twice without harm."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from core.clock import now
from crm.services import case_deadlines, consent, custom_indexes, event_partitions, reminders

BUSY_AGAIN_IN = 15


@shared_task(queue="default")
def expire_consents() -> None:
    """Mark the consents that have run out."""
    consent.expire(at=now())


@shared_task(queue="default")
def pass_case_deadlines() -> None:
    """Wind the clocks that are stale, then let pass what is due of cases."""
    at = now()
    case_deadlines.wind_stale(at=at)
    case_deadlines.pass_due(at=at)


@shared_task(queue="default")
def keep_event_months_ahead() -> None:
    """Make the months of the events' table that come next."""
    event_partitions.keep_ahead(at=now())


@shared_task(bind=True, queue="default", max_retries=None)
def build_custom_indexes(self: Any, job_id: str) -> None:
    """Make the indexes of custom fields what their definitions want; wait for another that is at work."""
    if not custom_indexes.carry_out(job_id=UUID(job_id)):
        raise self.retry(countdown=BUSY_AGAIN_IN)


@shared_task(queue="default")
def tend_custom_indexes() -> None:
    """Send jobs again whose worker was killed."""
    custom_indexes.resend_unattended(at=now())


@shared_task(queue="default")
def remind_of_tasks() -> None:
    """Remind of the tasks whose moment has come, then send the mails."""
    reminders.remind(at=now())
    reminders.mail(at=now())
