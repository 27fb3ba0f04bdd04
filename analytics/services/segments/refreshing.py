"""Asking for a segment to be evaluated from scratch, as a job."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from analytics.models import Segment
from analytics.services.segments import maintenance
from core import jobs
from core.actors import Actor
from core.clock import now
from core.errors import Forbidden, NotFound
from core.jobs import sending
from core.jobs.shapes import started

KIND = "segment_refresh"
sending.register(KIND, "analytics.tasks.refresh_segment")


def request(*, actor: Actor, record_id: UUID, at: datetime) -> dict[str, Any]:
    """Start the job. Raises NotFound, Forbidden."""
    actor.require("segment", "refresh")
    rows = Segment.objects.alive().filter(pk=record_id)
    if not rows.visible_to(actor, "refresh").exists():
        if rows.visible_to(actor).exists():
            raise Forbidden(entity="segment", action="refresh")
        raise NotFound(entity="segment", id=str(record_id))
    with transaction.atomic():
        job = jobs.start(kind=KIND, parameters={"segment_id": str(record_id)}, actor=actor, at=at)
        sending.send(job)
    return started(job)


def carry_out(*, job_id: UUID) -> None:
    """Do a job of `request`; doing it again after it is over does nothing."""
    job = jobs.begin(job_id=job_id, at=now())
    if job is None:
        return
    segment_id = UUID(job.parameters["segment_id"])
    maintenance.evaluate(segment_id=segment_id, at=now(), wait=True)
    found = Segment.objects.filter(pk=segment_id).values("size", "status", "error").first() or {}
    jobs.finish(job_id=job_id, result=found, at=now())
