"""What workers do for core. Each task calls one service, and may be run twice without harm."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from core import idempotency
from core.bulk import work
from core.clock import now
from core.events import relay
from core.exports import files
from core.exports import work as exporting
from core.imports import service as importing
from core.imports import work as importing_work
from core.jobs import sending


@shared_task(queue="default")
def forget_idempotent_answers() -> None:
    """Throw away the answers to idempotent requests that are kept no longer."""
    idempotency.forget(at=now())


@shared_task(queue="default")
def forget_events() -> None:
    """Throw away the events that every subscriber has dealt with long ago."""
    relay.forget(at=now())


@shared_task(queue="default")
def carry_out_bulk(job_id: str) -> None:
    """Do the same to all records that a search found."""
    work.carry_out(job_id=UUID(job_id))


@shared_task(queue="default")
def carry_out_export(job_id: str) -> None:
    """Write the file of an export."""
    exporting.carry_out(job_id=UUID(job_id))


@shared_task(queue="default")
def throw_away_exports() -> None:
    """Remove the files that were kept for long enough."""
    files.throw_away(at=now())


@shared_task(queue="default")
def resume_jobs() -> None:
    """Send jobs again whose worker was killed."""
    sending.resend_unattended(at=now())


@shared_task(queue="default")
def carry_out_import(job_id: str) -> None:
    """Check or write the rows of a file."""
    importing_work.carry_out(job_id=UUID(job_id))


@shared_task(queue="default")
def forget_imports() -> None:
    """Throw away imported files that are kept no longer."""
    importing.forget(at=now())
