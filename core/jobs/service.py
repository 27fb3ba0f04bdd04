"""The life of a job. The task that does the work takes the job's id, calls `begin`, reports, and ends it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import connection, transaction

from core import events
from core.actors import SYSTEM, Actor
from core.errors import Conflict, Forbidden, NotFound
from core.models.job import Job

FINAL = frozenset({Job.Status.SUCCEEDED, Job.Status.FAILED, Job.Status.CANCELLED})


class JobCancelled(Exception):
    """Raised inside the work when somebody asked to cancel it; the task lets `cancel` be recorded and returns."""


def start(*, kind: str, parameters: Mapping[str, Any], actor: Actor, at: datetime) -> Job:
    """Record a queued job. The caller sends its task after commit."""
    with transaction.atomic():
        job = Job(kind=kind, parameters=dict(parameters), owner_id=actor.user_id, created_at=at, updated_at=at)
        job.save(force_insert=True)
        events.publish(
            events.Event("job.queued", {"entity": "job", "id": str(job.pk), "kind": kind}), actor=actor, at=at
        )
    return job


def begin(*, job_id: UUID, at: datetime) -> Job | None:
    """Mark the job as running and return it; None where it is over already, so that a repeated task does nothing.

    A job found running is one whose worker was killed: the work goes on from `job.state`.
    """
    with transaction.atomic():
        job = _locked(job_id)
        if job.status in FINAL:
            return None
        if job.cancel_requested:
            _end(job, Job.Status.CANCELLED, "Cancelled before it began.", None, at)
            return None
        job.status = Job.Status.RUNNING
        job.started_at = job.started_at or at
        job.heartbeat_at = at
        _save(job, at)
    return job


def progress(*, job_id: UUID, done: int, total: int | None, message: str, at: datetime) -> None:
    """Report how far the work is. Raises JobCancelled where it should stop."""
    values: dict[str, Any] = {"done": done, "message": message[:500], "heartbeat_at": at, "updated_at": at}
    if total is not None:
        values["total"] = total
    Job.objects.filter(pk=job_id, status=Job.Status.RUNNING).update(**values)
    check_cancelled(job_id=job_id)


def checkpoint(*, job_id: UUID, state: Mapping[str, Any], at: datetime, **shown: Any) -> None:
    """Keep what is needed to go on after a kill. Call it in the transaction of the step that it tells of.

    `shown`: how far the work is, as by `progress`.
    """
    Job.objects.filter(pk=job_id).update(state=dict(state), heartbeat_at=at, updated_at=at, **shown)


def flush_later() -> None:
    """Do not wait for the disk at the end of this transaction, which must hold a checkpoint and nothing without it.

    Should the database itself go down, the last moments may be undone as a whole, and are done again from the
    checkpoint before. What is committed later, the end of the job at the latest, takes them to the disk.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def check_cancelled(*, job_id: UUID) -> None:
    """Raise JobCancelled where somebody asked for it."""
    if Job.objects.filter(pk=job_id, cancel_requested=True).exists():
        raise JobCancelled(str(job_id))


def finish(*, job_id: UUID, result: Mapping[str, Any], at: datetime, message: str = "Done.") -> None:
    """The work succeeded."""
    _close(job_id, Job.Status.SUCCEEDED, message, result, at)


def fail(*, job_id: UUID, message: str, at: datetime) -> None:
    """The work failed; `message` is shown to whoever asked for it."""
    _close(job_id, Job.Status.FAILED, message, None, at)


def cancelled(*, job_id: UUID, at: datetime, result: Mapping[str, Any] | None = None) -> None:
    """The work has stopped because somebody asked for it; `result` tells what was done by then."""
    _close(job_id, Job.Status.CANCELLED, "Cancelled.", result, at)


def cancel(*, actor: Actor, record_id: UUID, at: datetime) -> UUID:
    """Ask for a job to stop. A queued one is over at once, a running one at its next report.

    Raises NotFound, Forbidden, or Conflict where it is over already.
    """
    actor.require("job", "cancel")
    with transaction.atomic():
        rows = Job.objects.filter(pk=record_id)
        job = cast("Job | None", rows.visible_to(actor, "cancel").select_for_update().first())
        if job is None:
            if rows.visible_to(actor).exists():
                raise Forbidden(entity="job", action="cancel")
            raise NotFound(entity="job", id=str(record_id))
        _stop(job, at)
    return record_id


def stop(*, job_id: UUID, at: datetime) -> None:
    """Ask for a job to stop, for whom what it works on is already known to be theirs. Raises Conflict."""
    with transaction.atomic():
        _stop(_locked(job_id), at)


def _stop(job: Job, at: datetime) -> None:
    if job.status in FINAL:
        raise Conflict(f"The job is over: {job.status}.")
    job.cancel_requested = True
    if job.status == Job.Status.QUEUED:
        _end(job, Job.Status.CANCELLED, "Cancelled before it began.", None, at)
    else:
        _save(job, at)


def _locked(job_id: UUID) -> Job:
    job = Job.objects.select_for_update().filter(pk=job_id).first()
    if job is None:
        raise NotFound(entity="job", id=str(job_id))
    return cast("Job", job)


def _close(job_id: UUID, status: str, message: str, result: Mapping[str, Any] | None, at: datetime) -> None:
    with transaction.atomic():
        job = _locked(job_id)
        if job.status not in FINAL:
            _end(job, status, message, result, at)


def _end(job: Job, status: str, message: str, result: Mapping[str, Any] | None, at: datetime) -> None:
    job.status = Job.Status(status)
    job.message = message[:500]
    job.finished_at = at
    job.result = dict(result) if result is not None else None
    if status == Job.Status.SUCCEEDED and job.total is not None:
        job.done = job.total
    _save(job, at)
    payload = {"entity": "job", "id": str(job.pk), "kind": job.kind, "status": str(status)}
    events.publish(events.Event(f"job.{status}", payload), actor=SYSTEM, at=at)


def _save(job: Job, at: datetime) -> None:
    job.version += 1
    job.updated_at = at
    job.save(force_update=True)
