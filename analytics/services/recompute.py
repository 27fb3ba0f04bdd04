"""Asking for a recomputation: one at a time, as a job that a worker carries out."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from analytics.lake.database import FAMILY, Lock, held, own_connection
from analytics.models import MetricRun
from analytics.services.asked import Asked
from core import jobs
from core.actors import Actor
from core.errors import Invalid, NotFound
from core.models.job import Job

KIND = "recompute"
TASK = "analytics.tasks.recompute"
# How long a job may be without news before it is looked after.
PATIENCE = timedelta(seconds=30)
ACTIVE = (Job.Status.QUEUED, Job.Status.RUNNING)

logger = logging.getLogger(__name__)


def request(
    *,
    actor: Actor,
    at: datetime,
    as_of: datetime | None = None,
    live: bool = True,
    first_order_threshold: Decimal | None = None,
    full_sync: bool = False,
) -> Job:
    """Start a recomputation as of a moment (now if none is given), or return an equal one that is queued or running.

    live: whether contacts show what is found; otherwise it is a replay, whose results stand beside the live ones.
    first_order_threshold: what tells small first orders from large ones; the median if none is given.
    full_sync: copy the whole lake anew, not only what changed.
    """
    actor.require("analytics", "recompute")
    if as_of is not None and as_of > at:
        raise Invalid.one("/as_of", "in_the_future", "Must not be in the future.")
    if first_order_threshold is not None and first_order_threshold <= 0:
        raise Invalid.one("/first_order_threshold", "out_of_range", "Must be more than 0.")
    options = {"first_order_threshold": None if first_order_threshold is None else str(first_order_threshold)}
    asked = Asked(as_of or at, live, full_sync, options)
    return _start(asked, actor=actor, at=at, any_moment=as_of is None)


def replay(*, actor: Actor, at: datetime, run_id: UUID) -> Job:
    """Compute all steps again as the run of that id was asked for, beside the live results. Raises NotFound."""
    actor.require("analytics", "recompute")
    run = MetricRun.objects.filter(pk=run_id).visible_to(actor).alive().first()
    if run is None:
        raise NotFound(entity="metric_run", id=str(run_id))
    options = {name: value for name, value in run.parameters.items() if name != "base_currency"}
    asked = Asked(run.as_of, live=False, options=options, replay_of=str(run_id))
    return _start(asked, actor=actor, at=at, any_moment=False)


def _start(asked: Asked, *, actor: Actor, at: datetime, any_moment: bool) -> Job:
    """The job of what is asked. `any_moment`: one that looks back from another moment will do."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [FAMILY, int(Lock.REQUEST)])
        for active in Job.objects.filter(kind=KIND, status__in=ACTIVE).order_by("id"):
            if Asked.of(active) == (replace(asked, as_of=Asked.of(active).as_of) if any_moment else asked):
                assert isinstance(active, Job)  # noqa: S101 - for the type checker
                return active
        job = jobs.start(kind=KIND, parameters=asked.parameters, actor=actor, at=at)
        transaction.on_commit(lambda: send(job.pk))
    return job


def ask(
    *,
    actor: Actor,
    at: datetime,
    as_of: datetime | None = None,
    live: bool | None = None,
    first_order_threshold: Decimal | None = None,
    full_sync: bool | None = None,
) -> dict[str, Any]:
    """`request`, answered ready for the wire."""
    return _wire(
        request(
            actor=actor,
            at=at,
            as_of=as_of,
            live=live is not False,
            first_order_threshold=first_order_threshold,
            full_sync=bool(full_sync),
        )
    )


def ask_replay(*, actor: Actor, at: datetime, record_id: UUID) -> dict[str, Any]:
    """`replay`, answered ready for the wire."""
    return _wire(replay(actor=actor, at=at, run_id=record_id))


def _wire(job: Job) -> dict[str, Any]:
    names = ("kind", "status", "done", "total", "message")
    kept = {"as_of": job.parameters["as_of"], "live": job.parameters["live"]}
    return {"id": str(job.pk)} | kept | {name: getattr(job, name) for name in names}


def send(job_id: UUID) -> None:
    """Give the job to the workers. Where the broker is away the job waits, and `resend_unattended` sends it later."""
    try:
        current_app.send_task(TASK, args=[str(job_id)])
    except OperationalError:
        logger.warning("The broker is away; job %s waits", job_id)


def resend_unattended(*, at: datetime) -> int:
    """Send again the jobs that nobody works on: their worker was killed, or the broker was away. Returns how many.

    While somebody works, that process holds the lock; a job sent twice is done once.
    """
    with own_connection() as connection, held(connection, Lock.RECOMPUTE, wait=False) as idle:
        if not idle:
            return 0
        waiting = Job.objects.filter(kind=KIND, status__in=ACTIVE, updated_at__lt=at - PATIENCE).order_by("id")
        ids = list(waiting.values_list("id", flat=True))
    for job_id in ids:
        send(job_id)
    return len(ids)
