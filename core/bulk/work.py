"""Carrying out one change to everything that a search finds, a piece at a time.

Each piece is one transaction together with its checkpoint, so a kill leaves whole pieces, and the next worker goes on
after them. Whoever is at work holds the job's row: two workers on one job take turns, and do nothing twice.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction

from core import jobs, registry
from core.actors import Actor
from core.bulk import requests
from core.clock import now
from core.errors import DomainError
from core.history.context import acting as in_the_name_of
from core.jobs.acting import recalled
from core.jobs.memory import rarely_collected
from core.models.job import Job
from core.registry.entities import Entity
from core.writes import inputs
from core.writes.bulk_state import Intent, Outcome, change_many

# Short enough that nobody who wants one of these records waits for long.
PIECE = 1000
# Problems that are told one by one; the others are counted.
MOST_PROBLEMS = 1000

logger = logging.getLogger(__name__)


def carry_out(*, job_id: UUID) -> None:
    """Do a job of `requests.request`, from where it is; doing it again after it is over does nothing."""
    job = jobs.begin(job_id=job_id, at=now())
    if job is None:
        return
    try:
        with rarely_collected():
            while _piece(job_id):
                jobs.check_cancelled(job_id=job_id)
    except jobs.JobCancelled:
        jobs.cancelled(job_id=job_id, at=now(), result=_result(_state(job_id)))
    except OperationalError:
        # The database is away or being restarted: nothing can be recorded, and the job is done again later.
        raise
    except DomainError as refusal:
        jobs.fail(job_id=job_id, message=refusal.detail, at=now())
    except Exception:
        logger.exception("Bulk job %s failed", job_id)
        jobs.fail(job_id=job_id, message="An internal error; the log of the worker has the details.", at=now())
    else:
        jobs.finish(job_id=job_id, result=_result(_state(job_id)), at=now())


def _piece(job_id: UUID) -> bool:
    """Do the next records. False where there are no more, or the job is over."""
    with transaction.atomic():
        at = now()
        jobs.flush_later()
        job = Job.objects.select_for_update(no_key=True).get(pk=job_id)
        assert isinstance(job, Job)  # noqa: S101 - for the type checker
        if job.status != Job.Status.RUNNING:
            return False
        actor = recalled(job.state["actor"], at=at)
        for action in (requests.ACTION, job.parameters["action"]):
            actor.require(job.parameters["entity"], action)
        state = job.state if "until" in job.state else job.state | _beginning(job, actor)
        more, outcome = _next(job, state, actor, at)
        if outcome is not None:
            _count(state, outcome)
        done = state["changed"] + state["refused"] + state["unchanged"]
        message = f"{done:,} of {state['total']:,} records"
        jobs.checkpoint(job_id=job_id, state=state, at=at, done=done, total=max(state["total"], done), message=message)
    return more


def _beginning(job: Job, actor: Actor) -> dict[str, Any]:
    """How far the job goes: what is made after it began is none of its business."""
    entity = registry.entity(job.parameters["entity"])
    rows = _found(job, entity, actor)
    if job.parameters["expected_count"] is not None:
        requests.require_count(rows, job.parameters["expected_count"])
    last = rows.order_by("-pk").values_list("pk", flat=True).first()
    counts = {"total": rows.count(), "changed": 0, "refused": 0, "unchanged": 0, "problems": []}
    return {"after": None, "until": last and str(last), **counts}


def _next(job: Job, state: dict[str, Any], actor: Actor, at: datetime) -> tuple[bool, Outcome | None]:
    if state["until"] is None:
        return False, None
    entity = registry.entity(job.parameters["entity"])
    writes, action, values = entity.writes, job.parameters["action"], job.parameters["values"] or {}
    assert writes is not None  # noqa: S101 - refused when it was asked for
    cleaned = inputs.clean(entity, values, actor=actor, partial=True) if values else {}
    writes.begin(cleaned)
    in_the_name_of(actor, at)
    rows = _found(job, entity, actor).filter(pk__lte=state["until"])
    if state["after"] is not None:
        rows = rows.filter(pk__gt=state["after"])
    # In the order of their ids: two jobs on the same records never deadlock.
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:PIECE])
    if not keys:
        return False, None
    # Whoever changed one of them meanwhile may have taken it out of the search.
    locked = list(entity.model._default_manager.filter(pk__in=keys).order_by("pk").select_for_update(no_key=True))
    still = set(rows.filter(pk__in=keys).values_list("pk", flat=True))
    records = [record for record in locked if record.pk in still]
    outcome = change_many(writes, records, Intent(action, actor, at, values, cleaned))
    state["after"] = str(keys[-1])
    state["unchanged"] += len(keys) - len(outcome.changed) - len(outcome.refused)
    return len(keys) == PIECE, outcome


def _found(job: Job, entity: Entity, actor: Actor) -> Any:
    given = job.parameters
    asked_at = datetime.fromisoformat(given["asked_at"])
    return requests.found(entity, actor=actor, at=asked_at, action=given["action"], where=given["filter"], q=given["q"])


def _count(state: dict[str, Any], outcome: Outcome) -> None:
    state["changed"] += len(outcome.changed)
    state["refused"] += len(outcome.refused)
    room = MOST_PROBLEMS - len(state["problems"])
    told = list(outcome.refused.items())[:room]
    state["problems"] = [*state["problems"], *({"id": str(key), "problem": problem} for key, problem in told)]


def _state(job_id: UUID) -> dict[str, Any]:
    return dict(Job.objects.values_list("state", flat=True).get(pk=job_id))


def _result(state: dict[str, Any]) -> dict[str, Any]:
    """What is told in the end. The first problems stand by their records; `refused` counts all."""
    names = ("changed", "refused", "unchanged")
    return {name: state.get(name, 0) for name in names} | {"problems": state.get("problems", [])}
