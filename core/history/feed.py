"""The history of one record as a feed: newest first, without the fields that the reader may not see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast, Coalesce

from core.actors import Actor
from core.errors import InvalidCursor, NotFound
from core.models.change import Change
from core.reads import cursors
from core.reads.limits import check_limit
from core.registry import types
from core.registry.feeds import Feed, FeedPage
from core.registry.fields import Field, Shape

if TYPE_CHECKING:
    from core.registry.entities import Entity


CHANGE = Shape(
    title="Change",
    fields=(
        Field("id", types.Text(), "Position in the history.", nullable=False),
        Field("operation", types.Choice(options=tuple(Change.Operation.values)), nullable=False),
        Field("before", types.Json(), "The old values of the columns that changed; null for an insert."),
        Field("after", types.Json(), "The new values; null for a delete."),
        Field("actor_kind", types.Text(), "user, api_key, oauth_client, partner or system.", nullable=False),
        Field("actor_id", types.Id()),
        Field("actor_label", types.Text(), "Who, readable.", nullable=False),
        Field("door", types.Text(), "By which interface: rest, graphql, admin, worker...", nullable=False),
        Field("request_id", types.Text(), nullable=False),
        Field("at", types.DateTime(), nullable=False),
    ),
)


def history_feed(entity: Entity) -> Feed:
    """The feed `history` of an entity."""
    return Feed("history", CHANGE, partial(fetch, entity), "Every change: before, after, who, when, by which door.")


def fetch(
    entity: Entity, *, actor: Actor, record_id: UUID, limit: int = 50, after: str | None = None, at: datetime
) -> FeedPage:
    """A page of a record's changes. Deleted records have a history too, for those who may restore them.

    Raises Forbidden, NotFound, InvalidCursor.
    """
    check_limit(limit)
    actor.require(entity.name, "view")
    rows = entity.model._default_manager.filter(pk=record_id)
    if not (rows.visible_to(actor).alive().exists() or rows.visible_to(actor, "restore").exists()):
        raise NotFound(entity=entity.name, id=str(record_id))
    changes = Change.objects.filter(record_id=record_id, entity=entity.name).order_by("-id")
    if actor.is_partners:
        changes = _since_handed_over(changes, entity, rows)
    if after is not None:
        changes = changes.filter(id__lt=_position(after))
    # As text: numbers of JSON would lose digits of amounts on their way through Python.
    texts = {"before_text": Cast("before", TextField()), "after_text": Cast("after", TextField())}
    found = list(changes.defer("before", "after").annotate(**texts)[: limit + 1])
    hidden = {item.attribute for item in entity.fields if not (item.readable and entity.may_see(actor, item))}
    items = [_item(change, hidden) for change in found[:limit]]
    return FeedPage(items, cursors.encode("history", [found[limit - 1].pk]) if len(found) > limit else None)


def _since_handed_over(changes: QuerySet[Change], entity: Entity, rows: QuerySet[Any]) -> QuerySet[Change]:
    """What was before the record came to the reader's organisation may be another partner's.

    It comes by itself, or with the record that it hangs on: an order with its contact.
    """
    steps = {step for path in entity.model.scope.partner for step in _steps(path)}
    holders = [holder for holder, _ in sorted(steps)]
    keys = rows.order_by().values_list(*holders).get() if holders else ()
    moved = Q(pk__in=())
    for key, (_, column) in zip(keys, sorted(steps), strict=True):
        moved |= Q(record_id=key, after__has_key=column) if key is not None else Q(pk__in=())
    moves = Change.objects.filter(moved, operation=Change.Operation.UPDATE)
    return changes.filter(id__gt=Coalesce(Subquery(moves.order_by("-id").values("id")[:1]), Value(0)))


def _steps(path: str) -> Iterator[tuple[str, str]]:
    """The records on the way to an organisation, and the column of each that leads on: (contact_id, partner_id)."""
    *ways, last = path.split("__")
    for place, column in enumerate((*(f"{way}_id" for way in ways), last)):
        holder = "__".join(ways[:place])
        yield (f"{holder}_id" if holder else "pk", column)


def _position(cursor: str) -> int:
    (position,) = cursors.decode("history", cursor, 1)
    if not isinstance(position, int) or not 0 <= position < 2**63:
        raise InvalidCursor()
    return position


def _item(change: Any, hidden: set[str]) -> dict[str, Any]:
    def shown(text: str | None) -> dict[str, Any] | None:
        if text is None:
            return None
        values: dict[str, Any] = json.loads(text, parse_float=Decimal)
        return {key: _wire(value) for key, value in values.items() if key not in hidden}

    return {
        "id": str(change.pk),
        "operation": change.operation,
        "before": shown(change.before_text),
        "after": shown(change.after_text),
        "actor_kind": change.actor_kind,
        "actor_id": str(change.actor_id) if change.actor_id else None,
        "actor_label": change.actor_label,
        "door": change.door,
        "request_id": change.request_id,
        "at": change.at.isoformat(),
    }


def _wire(value: Any) -> Any:
    """A column as records show it: amounts as strings, numbers inside of JSON as numbers."""
    if isinstance(value, Decimal):
        return str(value)
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
