"""Asking for one change to everything that a search finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from core import jobs
from core.actors import Actor
from core.errors import Conflict, Invalid
from core.jobs import acting, sending
from core.jobs.shapes import started
from core.models.job import Job
from core.models.record import RecordQuerySet
from core.reads import reader
from core.registry.entities import Entity
from core.writes import inputs
from core.writes.bulk_state import ACTIONS

KIND = "bulk"
ACTION = "bulk"


class UnexpectedCount(Conflict):
    code = "unexpected_count"
    title = "The search finds another number of records than expected."


def offered(entity: Entity) -> tuple[str, ...]:
    """What can be done to many records of this kind at once."""
    return tuple(action for action in ACTIONS if entity.writes is not None and action in entity.verbs)


def request(
    entity: Entity,
    *,
    actor: Actor,
    at: datetime,
    action: str,
    filter: Mapping[str, Any],
    q: str | None = None,
    values: Mapping[str, Any] | None = None,
    expected_count: int | None = None,
) -> dict[str, Any]:
    """Start the job. Everything about the request that can be wrong is refused now.

    Raises Forbidden, Invalid, InvalidCriteria, or UnexpectedCount with the number that the search does find.
    """
    actor.require(entity.name, ACTION)
    actor.require(entity.name, action)
    if (action == "update") != bool(values):
        code, message = ("not_allowed", "Only an update has values.") if values else ("required", "Say what to write.")
        raise Invalid.one("/values", code, message)
    if values:
        _check(entity, values, actor)
    rows = found(entity, actor=actor, at=at, action=action, where=filter, q=q)
    if expected_count is not None:
        require_count(rows, expected_count)
    parameters = {
        "entity": entity.name, "action": action, "filter": filter, "q": q, "values": values,
        "expected_count": expected_count, "asked_at": at.isoformat(),
    }  # fmt: skip
    with transaction.atomic():
        job = jobs.start(kind=KIND, parameters=parameters, actor=actor, at=at)
        # Kept in the state, which nobody is shown.
        Job.objects.filter(pk=job.pk).update(state={"actor": acting.noted(actor)})
        sending.send(job)
    return started(job)


def _check(entity: Entity, values: Mapping[str, Any], actor: Actor) -> None:
    """Raise Invalid with pointers below /values."""
    try:
        inputs.clean(entity, values, actor=actor, partial=True)
    except Invalid as refusal:
        raise Invalid([replace(error, pointer=f"/values{error.pointer}") for error in refusal.errors]) from None


def found(
    entity: Entity, *, actor: Actor, at: datetime, action: str, where: Any, q: str | None = None
) -> RecordQuerySet:
    """The records that the search finds, the actor sees, and the action may be done to."""
    rows: RecordQuerySet = entity.model._default_manager.all()
    rows = rows.visible_to(actor, ACTION).visible_to(actor, action)
    rows = rows.filter(deleted_at__isnull=False) if action == "restore" else rows.visible_to(actor).alive()
    return reader.restricted(entity, rows, actor, at, where, q)


def require_count(rows: RecordQuerySet, expected: int) -> None:
    """Raise UnexpectedCount unless there are just as many."""
    count = rows.count()
    if count != expected:
        raise UnexpectedCount(f"The search finds {count} records, not {expected}.", count=count)
