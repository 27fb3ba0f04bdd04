"""What workers do for analytics. Each task calls one service, and may be run twice without harm."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from analytics.lake import syncing
from analytics.services import computation, fitting, slice_store
from analytics.services import recompute as recomputing
from analytics.services.segments import maintenance, refreshing
from core.actors import SYSTEM
from core.clock import now

BUSY_AGAIN_IN = 15


@shared_task(bind=True, queue="default", max_retries=None)
def recompute(self: Any, job_id: str) -> None:
    """Carry out a recomputation; wait for another that is at work."""
    if not computation.carry_out(job_id=UUID(job_id)):
        raise self.retry(countdown=BUSY_AGAIN_IN)
    slice_store.refresh(at=now())


@shared_task(queue="default")
def sync_lake() -> None:
    """Copy what changed into the lake, unless that is being done, and bring the store of slices up to it."""
    syncing.sync(at=now(), wait=False)
    slice_store.refresh(at=now())


@shared_task(queue="default")
def compact_lake() -> None:
    """Fold what changed into the lake's months, so that readers of the day have them plain."""
    syncing.sync(at=now(), compact=True)


@shared_task(queue="default")
def nightly() -> None:
    """Ask for a recomputation as of now."""
    recomputing.request(actor=SYSTEM, at=now())


@shared_task(queue="default")
def resume() -> None:
    """Send recomputations again whose worker was killed."""
    recomputing.resend_unattended(at=now())


@shared_task(queue="default")
def fit_models(job_id: str) -> None:
    """Fit models that somebody asked for."""
    fitting.carry_out(job_id=UUID(job_id))


@shared_task(queue="default")
def maintain_segments() -> None:
    """Bring the members of all segments in step with what changed, unless that is being done."""
    maintenance.run(at=now())


@shared_task(queue="default")
def refresh_segment(job_id: str) -> None:
    """Evaluate one segment from scratch."""
    refreshing.carry_out(job_id=UUID(job_id))
