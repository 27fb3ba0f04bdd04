"""What workers do for the customer record. Each task calls one service, and may be run twice without harm."""

from __future__ import annotations

from celery import shared_task

from core.clock import now
from crm.services import case_deadlines, consent, event_partitions


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
