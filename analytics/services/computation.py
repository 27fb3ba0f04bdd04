"""Carrying out a recomputation: sync the lake, run the definitions, store what differs, all of it in one commit."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import duckdb
from django.conf import settings
from django.db import OperationalError, transaction

from analytics import definitions
from analytics.definitions import Definition
from analytics.engine import session as engine
from analytics.engine.session import Session
from analytics.lake import syncing
from analytics.lake.database import Lock, held, own_connection
from analytics.models import MetricResult, MetricRun
from analytics.services import write_back
from core import jobs
from core.clock import now
from core.errors import DomainError
from core.models.job import Job

# The definition whose rows belong to contacts; the others' answers are kept whole.
PER_CONTACT = "customer_metrics"

logger = logging.getLogger(__name__)


def carry_out(*, job_id: UUID) -> bool:
    """Do a job of `recompute.request`; doing it again after it is over does nothing. False where another is at work.

    Everything is stored in one transaction with the end of the job, so a kill at any moment leaves either nothing or
    all, and the job can be done again from its parameters with the same answers.
    """
    with own_connection() as connection, held(connection, Lock.RECOMPUTE, wait=False) as mine:
        if not mine:
            return False
        job = jobs.begin(job_id=job_id, at=now())
        if job is not None:
            _do(job)
        return True


def _do(job: Job) -> None:
    try:
        _compute(job)
    except jobs.JobCancelled:
        _close_runs(job, MetricRun.Status.CANCELLED, None)
        jobs.cancelled(job_id=job.pk, at=now())
    except OperationalError:
        # The database is away or being restarted: nothing can be recorded, and the job is done again later.
        raise
    except (DomainError, duckdb.Error, OSError) as error:
        logger.exception("Recomputation %s failed", job.pk)
        reason = _reason(error)
        _close_runs(job, MetricRun.Status.FAILED, reason)
        jobs.fail(job_id=job.pk, message=reason, at=now())
    except Exception:
        logger.exception("Recomputation %s failed", job.pk)
        reason = "An internal error; the log of the worker has the details."
        _close_runs(job, MetricRun.Status.FAILED, reason)
        jobs.fail(job_id=job.pk, message=reason, at=now())


def _reason(error: Exception) -> str:
    """What whoever asked may know: no paths, no SQL."""
    if isinstance(error, DomainError):
        return error.detail
    if isinstance(error, duckdb.OutOfMemoryException):
        return "The computation needs more than ANALYTICS_MEMORY_LIMIT allows."
    if isinstance(error, OSError):
        return f"The lake's folder could not be written: {error.strerror or 'unknown reason'}."
    return "The computation failed; the log of the worker has the details."


def _compute(job: Job) -> None:
    ordered = definitions.in_order()
    total = len(ordered) + 2

    def report(done: int, message: str) -> None:
        jobs.progress(job_id=job.pk, done=done, total=total, message=message, at=now())

    report(0, "Bringing the lake up to date")
    full = bool(job.parameters.get("full_sync"))
    syncing.sync(at=now(), full=full, progress=lambda message: report(0, message))
    as_of = datetime.fromisoformat(job.parameters["as_of"])
    threshold = job.parameters.get("first_order_threshold")
    with engine.opened() as session:
        parameters = engine.parameters_of(as_of=as_of, first_order_threshold=threshold and Decimal(threshold))
        runs: dict[str, MetricRun] = {}
        for done, definition in enumerate(ordered, start=1):
            report(done, f"Computing {definition.name.replace('_', ' ')}")
            runs[definition.name] = _begin_run(job, definition, as_of, threshold, session)
            runs[definition.name].rows = session.run(definition, parameters)
        report(total - 1, "Storing what changed")
        _store(job, session, ordered, runs, as_of)


def _begin_run(job: Job, definition: Definition, as_of: datetime, threshold: str | None, session: Session) -> MetricRun:
    values = {
        "definition_version": definition.version,
        "as_of": as_of,
        "window": definition.window,
        "parameters": {"first_order_threshold": threshold, "base_currency": settings.BASE_CURRENCY},
        "status": MetricRun.Status.RUNNING,
        "started_at": now(),
        "lake_synced_at": session.synced_at,
    }
    # A run that a killed worker left is taken over.
    run, _ = MetricRun.objects.update_or_create(job=job, definition=definition.name, defaults=values)
    assert isinstance(run, MetricRun)  # noqa: S101 - for the type checker
    return run


def _store(
    job: Job, session: Session, ordered: tuple[Definition, ...], runs: Mapping[str, MetricRun], as_of: datetime
) -> None:
    source = session.unload(PER_CONTACT, write_back.COLUMNS, write_back.KEY)
    with transaction.atomic():
        at = now()
        for definition in ordered:
            run = runs[definition.name]
            if definition.name == PER_CONTACT:
                run.changed = write_back.contact_metrics(source=source, definition=definition, as_of=as_of, at=at)
            else:
                rows = [_wire(row) for row in session.rows(definition.name)]
                MetricResult.objects.update_or_create(run=run, defaults={"rows": rows})
            run.status, run.finished_at, run.updated_at = MetricRun.Status.SUCCEEDED, at, at
            run.save(force_update=True)
        jobs.finish(job_id=job.pk, result=_summary(runs), at=at)


def _summary(runs: Mapping[str, MetricRun]) -> dict[str, Any]:
    metrics = runs[PER_CONTACT]
    return {
        "as_of": metrics.as_of.isoformat(),
        "contacts": metrics.rows,
        "changed": metrics.changed,
        "runs": [str(run.pk) for run in runs.values()],
    }


def _wire(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON: amounts as strings, so that no digit is lost."""
    return {name: _json(value) for name, value in row.items()}


def _json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def _close_runs(job: Job, status: str, error: str | None) -> None:
    running = MetricRun.objects.filter(job=job, status=MetricRun.Status.RUNNING)
    running.update(status=status, error=error, finished_at=now(), updated_at=now())
