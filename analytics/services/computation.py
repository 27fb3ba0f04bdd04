"""Carrying out a recomputation: sync the lake, compute the steps, store what differs, all of it in one commit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import duckdb
from django.conf import settings
from django.db import OperationalError, transaction

from analytics import steps
from analytics.engine import on_engine, results
from analytics.engine import parameters as parameters_of
from analytics.engine import session as engine
from analytics.engine.session import Session
from analytics.lake import syncing
from analytics.lake.database import Lock, held, own_connection
from analytics.models import MetricRun
from analytics.selectors import retained
from analytics.services import keeping
from analytics.services.asked import Asked
from analytics.steps import Step
from core import jobs
from core.clock import now
from core.errors import DomainError
from core.models.job import Job

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
    ordered = steps.in_order()
    total = len(ordered) + 2

    def report(done: int, message: str) -> None:
        jobs.progress(job_id=job.pk, done=done, total=total, message=message, at=now())

    asked = Asked.of(job)
    report(0, "Bringing the lake up to date")
    syncing.sync(at=now(), full=asked.full_sync, progress=lambda message: report(0, message))
    with engine.opened() as lake, on_engine(lake) as runner:
        parameters = parameters_of.from_options(asked.as_of, asked.options)
        origin = {
            "lake": lake.fingerprint,
            "engine": settings.ANALYTICS_ENGINE,
            "parameters": {name: str(value) for name, value in parameters.items()},
        }
        runs: dict[str, MetricRun] = {}
        session = Session(lake, runner, results.opened(str(job.pk), origin))
        for done, step in enumerate(ordered, start=1):
            title = f"Computing {step.name.replace('_', ' ')}"
            report(done, title)
            runs[step.name] = _begin_run(job, asked, step, lake.synced_at)
            told = replace(session, progress=_told(report, done, title))
            runs[step.name].rows = told.run(step, parameters)
        report(total - 1, "Storing what changed")
        _store(job, session, runs)
    results.collect(retained.folders())


def _told(report: Callable[[int, str], None], done: int, title: str) -> Callable[[str], None]:
    """What a step says of itself, put behind its title; raises JobCancelled where that was asked for."""
    return lambda message: report(done, f"{title}: {message}")


def _begin_run(job: Job, asked: Asked, step: Step, synced_at: datetime | None) -> MetricRun:
    values = {
        "definition_version": steps.version(step.name),
        "as_of": asked.as_of,
        "window": step.window,
        "parameters": {**asked.options, "base_currency": settings.BASE_CURRENCY},
        "is_live": asked.live,
        "status": MetricRun.Status.RUNNING,
        "started_at": now(),
        "lake_synced_at": synced_at,
    }
    # A run that a killed worker left is taken over.
    run, _ = MetricRun.objects.update_or_create(job=job, definition=step.name, defaults=values)
    assert isinstance(run, MetricRun)  # noqa: S101 - for the type checker
    return run


def _store(job: Job, session: Session, runs: Mapping[str, MetricRun]) -> None:
    with transaction.atomic():
        at = now()
        for step in steps.in_order():
            run = runs[step.name]
            keeping.keep(session, step, run, at)
            run.status, run.finished_at, run.updated_at = MetricRun.Status.SUCCEEDED, at, at
            run.save(force_update=True)
        jobs.finish(job_id=job.pk, result=_summary(runs), at=at)


def _summary(runs: Mapping[str, MetricRun]) -> dict[str, Any]:
    profiles = runs[steps.PROFILES]
    return {
        "as_of": profiles.as_of.isoformat(),
        "live": profiles.is_live,
        "contacts": profiles.rows,
        "changed": profiles.changed,
        "runs": [str(run.pk) for run in runs.values()],
    }


def _close_runs(job: Job, status: str, error: str | None) -> None:
    running = MetricRun.objects.filter(job=job, status=MetricRun.Status.RUNNING)
    running.update(status=status, error=error, finished_at=now(), updated_at=now())
