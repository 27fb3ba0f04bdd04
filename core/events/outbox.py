"""Publishing: one row in the outbox, in the transaction of the write that it tells of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from core.actors import Actor
from core.database.copying import copy_columns, plan_of
from core.database.inserts import insert
from core.ids import new_ids
from core.models.outbox import OutboxEvent


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: a dotted name (`deal.won`) and a JSON payload of ids and plain values."""

    name: str
    payload: Mapping[str, Any]


# From so many on, COPY is the faster way.
MANY = 20
_FIXED = {"done": [], "failed": [], "attempts": 0, "last_error": ""}
_COLUMNS = ("id", "name", "payload", "actor_kind", "actor_id", "occurred_at", *_FIXED)


def publish(*events: Event, actor: Actor, at: datetime) -> None:
    """Write events to the outbox. Must be called inside the transaction of the change they tell of."""
    if not connection.in_atomic_block:
        raise RuntimeError("an event must be published in the transaction of its change")
    if len(events) >= MANY:
        count = len(events)
        fixed = {"actor_kind": actor.kind, "actor_id": actor.id, "occurred_at": at, **_FIXED}
        columns: dict[str, Sequence[Any]] = {name: [value] * count for name, value in fixed.items()}
        columns["id"] = new_ids(count)
        columns["name"] = [event.name for event in events]
        columns["payload"] = [event.payload for event in events]
        copy_columns(plan_of(OutboxEvent, _COLUMNS), columns)
        return
    rows = [_row(event, actor, at) for event in events]
    if len(rows) == 1:
        insert(rows[0])
    else:
        OutboxEvent.objects.bulk_create(rows)


def _row(event: Event, actor: Actor, at: datetime) -> OutboxEvent:
    return OutboxEvent(
        name=event.name, payload=dict(event.payload), actor_kind=actor.kind, actor_id=actor.id, occurred_at=at
    )
