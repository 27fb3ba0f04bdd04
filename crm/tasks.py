"""What workers do for the customer record. Each task calls one service, and may be run twice without harm."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from core.actors import SYSTEM
from core.clock import now
from crm.services import (
    case_deadlines,
    consent,
    custom_indexes,
    duplicate_scans,
    erasures,
    event_partitions,
    file_purging,
    later_ties,
    reminders,
    retention,
)

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


@shared_task(queue="default")
def finish_erasure(erasure_id: str) -> None:
    """Remove what lies outside of the database of an erased person."""
    erasures.finish(erasure_id=UUID(erasure_id), at=now())


@shared_task(queue="default")
def send_unfinished_erasures() -> None:
    """Send again what a kill or a broken storage left of erasures."""
    erasures.send_unfinished(at=now())


@shared_task(bind=True, queue="default", max_retries=None)
def apply_retention(self: Any, job_id: str) -> None:
    """Carry out a job of retention; wait for another that is at work."""
    if not retention.carry_out(job_id=UUID(job_id)):
        raise self.retry(countdown=60)


@shared_task(queue="default")
def nightly_retention() -> None:
    """Ask for the rules to be applied."""
    retention.request(actor=SYSTEM, at=now())


@shared_task(queue="default")
def resume_retention() -> None:
    """Send jobs of retention again whose worker was killed."""
    retention.resend_unattended(at=now())


@shared_task(queue="default")
def take_out_files() -> None:
    """Remove the contents of files that are gone or were deleted long ago."""
    file_purging.take_out()
    file_purging.purge(at=now())


@shared_task(queue="default")
def sweep_files() -> None:
    """Remove the contents that a killed program left behind."""
    file_purging.sweep(at=now())


@shared_task(queue="default")
def tie_later() -> None:
    """Tie what can be tied by now."""
    later_ties.tie_later(at=now())


@shared_task(queue="default")
def scan_duplicates(job_id: str) -> None:
    """Look for contacts that are one person."""
    duplicate_scans.carry_out(job_id=UUID(job_id))
