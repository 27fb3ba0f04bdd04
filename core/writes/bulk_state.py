"""Many records deleted, restored or given the same values, in a few statements for all of them.

What comes out is what the same calls one by one would leave behind: rules, versions, history, events. Where something
is refused, the records are halved until those to blame stand alone, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import DatabaseError, transaction
from django.db.models import F, JSONField

from core import events
from core.actors import Actor
from core.errors import DomainError, Forbidden
from core.models.record import Record
from core.personal import erased
from core.problems import problem_of
from core.writes import inputs
from core.writes.base import Write, Writes, has_unstored

ACTIONS = ("delete", "restore", "update")
_PAST = {"delete": "deleted", "restore": "restored", "update": "updated"}


@dataclass
class Outcome:
    """What became of the records: ids of the changed, and the problems of the refused. The rest was so already."""

    changed: list[UUID] = field(default_factory=list)
    refused: dict[UUID, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Intent:
    """What is to be done to each of the records; an update also with its validated values."""

    action: str
    actor: Actor
    at: datetime
    values: Mapping[str, Any] = field(default_factory=dict)
    cleaned: Mapping[str, Any] = field(default_factory=dict)


def change_many(writes: Writes[Any], records: Sequence[Record], intent: Intent) -> Outcome:
    """Carry it out on records that the caller has locked, within the actor's reach, in the caller's transaction."""
    outcome = Outcome()
    if records:
        _attempt(writes, records, intent, outcome)
    return outcome


def _attempt(writes: Writes[Any], records: Sequence[Record], intent: Intent, outcome: Outcome) -> None:
    try:
        with transaction.atomic():
            done = _together(writes, records, intent)
    except (DomainError, DatabaseError) as refusal:
        problem = problem_of(refusal)
        if problem.status >= 500:
            # Not about these records: the transaction is to be tried again as a whole.
            raise
        if len(records) == 1:
            outcome.refused[records[0].pk] = problem.body()
            return
        middle = len(records) // 2
        fresh = _loaded(records)
        _attempt(writes, fresh[:middle], intent, outcome)
        _attempt(writes, fresh[middle:], intent, outcome)
    else:
        outcome.changed += done


def _together(writes: Writes[Any], records: Sequence[Record], intent: Intent) -> list[UUID]:
    if not _is_plain(writes, intent.action):
        return _alone(writes, records, intent)
    if intent.action == "update":
        return _update(writes, records, intent)
    old = {record.pk: _stored(record) for record in records}
    changes = [_change(record, intent) for record in records]
    if intent.action == "delete":
        writes.deleting_many(changes)
        for change in changes:
            change.record.deleted_at = intent.at
    else:
        for change in changes:
            change.before["deleted_at"] = change.record.deleted_at
            change.record.deleted_at = None
        writes.prepare_many(changes)
    _finish(writes, changes, old, intent)
    return [change.record.pk for change in changes]


def _update(writes: Writes[Any], records: Sequence[Record], intent: Intent) -> list[UUID]:
    entity, actor = writes.entity, intent.actor
    old = {record.pk: _stored(record) for record in records}
    changes = [_change(record, intent) for record in records]
    touched: set[str] = set()
    for change in changes:
        change.before = inputs.assign(entity, change.record, change.values)
        inputs.refuse_handing_over(entity, change.before, actor)
        touched |= change.before.keys()
    inputs.check_references(entity, intent.cleaned, actor=actor, unless=dict.fromkeys(touched))
    writes.prepare_many(changes)
    changes = [change for change in changes if change.before or has_unstored(entity, change.values)]
    erased.require_none(changes)
    _finish(writes, changes, old, intent)
    _require_within_scope(writes, changes, intent)
    return [change.record.pk for change in changes]


def _finish(
    writes: Writes[Any], changes: list[Write[Any]], old: Mapping[UUID, Mapping[str, Any]], intent: Intent
) -> None:
    if not changes:
        return
    _save(writes, changes, old, intent.at)
    writes.saved_many(changes)
    told = [writes.event(_PAST[intent.action], change) for change in changes]
    events.publish(*told, actor=intent.actor, at=intent.at)


def _save(
    writes: Writes[Any], changes: Sequence[Write[Any]], old: Mapping[UUID, Mapping[str, Any]], at: datetime
) -> None:
    """One statement for all records that change in the same way."""
    alike: dict[str, tuple[dict[str, Any], list[UUID]]] = {}
    for change in changes:
        was, now = old[change.record.pk], _stored(change.record)
        new = {name: value for name, value in now.items() if value != was[name]}
        alike.setdefault(repr(sorted(new.items())), (new, []))[1].append(change.record.pk)
        change.record.version += 1
        change.record.updated_at = at
    rows = writes.entity.model._default_manager
    with inputs.translated_integrity():
        for new, keys in alike.values():
            rows.filter(pk__in=keys).update(**new, version=F("version") + 1, updated_at=at)


def _is_plain(writes: Writes[Any], action: str) -> bool:
    """Whether the entity does this as every entity does, and its rules are all in its hooks."""
    names = {action, "apply"} if action == "update" else {action}
    return all(getattr(type(writes), name) is getattr(Writes, name) for name in names)


def _alone(writes: Writes[Any], records: Sequence[Record], intent: Intent) -> list[UUID]:
    """One by one, by the entity's own verb."""
    done: list[UUID] = []
    for record in records:
        given: dict[str, Any] = {"values": intent.values} if intent.action == "update" else {}
        call: Callable[..., Record] = getattr(writes, intent.action)
        written = call(actor=intent.actor, record_id=record.pk, at=intent.at, **given)
        if written.version != record.version:
            done.append(record.pk)
    return done


def _change(record: Record, intent: Intent) -> Write[Any]:
    before = {"deleted_at": None} if intent.action == "delete" else {}
    values = dict(intent.cleaned) if intent.action == "update" else {}
    return Write(actor=intent.actor, at=intent.at, record=record, values=values, created=False, before=before)


def _require_within_scope(writes: Writes[Any], changes: Sequence[Write[Any]], intent: Intent) -> None:
    """As for one: nobody writes a record out of their own reach."""
    actor, model = intent.actor, writes.entity.model
    if actor.is_superuser or model.scope.sees_all(actor, actor.visibilities(writes.entity_name, "update")):
        return
    keys = [change.record.pk for change in changes]
    if model._default_manager.filter(pk__in=keys).visible_to(actor, "update").count() < len(keys):
        raise Forbidden(
            "The record would be outside of what you may write.", entity=writes.entity_name, action="update"
        )


def _stored(record: Record) -> dict[str, Any]:
    """The values of the columns; those that the database makes are left to it."""
    plain, mutable = _columns(type(record))
    values = record.__dict__
    return {name: values[name] for name in plain} | {name: _copied(values[name]) for name in mutable}


@cache
def _columns(model: type[Record]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The attributes that a write may change: those of plain values, and those that are changed in place."""
    names = {
        column.attname: isinstance(column, ArrayField | JSONField)
        for column in model._meta.concrete_fields
        if not getattr(column, "generated", False) and column.attname not in ("version", "updated_at")
    }
    return tuple(n for n, mutable in names.items() if not mutable), tuple(n for n, mutable in names.items() if mutable)


def _copied(value: Any) -> Any:
    return type(value)(value) if isinstance(value, (list, dict)) else value


def _loaded(records: Sequence[Record]) -> list[Record]:
    """The records as they are in the database: what was tried on these objects was undone there."""
    model = type(records[0])
    return list(model._default_manager.filter(pk__in=[record.pk for record in records]).order_by("pk"))
