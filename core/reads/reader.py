"""Reading records for every transport: scoped, keyset paged, related records in one query per relation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_, or_
from typing import Any
from uuid import UUID

import orjson
from django.db.models import Q

from core import criteria
from core.actors import Actor
from core.errors import BadRequest, Invalid
from core.models.record import RecordQuerySet
from core.reads import related, statements
from core.reads.limits import MAX_LIMIT, check_limit
from core.reads.missing import missing
from core.reads.selection import Nested, Selection, default_selection
from core.reads.sorting import Order, order_of
from core.reads.statements import Reach, Shape, SortOrder
from core.reads.wire import wire_row
from core.registry.entities import Entity
from core.registry.types import Text, TypeFault

__all__ = ["MAX_LIMIT", "Nested", "Page", "Selection", "default_selection", "one", "page", "page_json"]

MAX_QUERY = 200
UNSORTED = SortOrder("", Order(()))


@dataclass(frozen=True)
class Page:
    """Rows in wire form, and where the next page begins. `cursor(i)` stands after row i."""

    rows: list[dict[str, Any]]
    next_cursor: str | None
    order: Order
    keys: list[tuple[Any, ...]]

    @property
    def has_next(self) -> bool:
        return self.next_cursor is not None

    def cursor(self, index: int) -> str:
        return self.order.cursor(self.keys[index])

    @property
    def cursors(self) -> list[str]:
        return [self.order.cursor(key) for key in self.keys]


def page(
    entity: Entity,
    *,
    actor: Actor,
    at: datetime,
    selection: Selection,
    where: Any = None,
    q: str | None = None,
    sort: Sequence[str] = (),
    limit: int = 50,
    after: str | None = None,
    deleted: bool = False,
) -> Page:
    """One page of records that the actor may see. `where` is criteria; `deleted` lists the deleted instead.

    Raises Forbidden, InvalidCriteria, InvalidCursor, BadRequest.
    """
    _require(entity, actor, deleted)
    order = order_of(entity, sort, actor)
    texts, keys, more = _fetch(entity, actor, at, selection, where, q, order, limit, after, deleted)
    parsed: list[dict[str, Any]] = orjson.loads(f"[{','.join(texts)}]")
    related.attach(entity, parsed, selection, actor=actor, at=at)
    return Page(parsed, order.cursor(keys[-1]) if more else None, order, keys)


def page_json(
    entity: Entity,
    *,
    actor: Actor,
    at: datetime,
    selection: Selection,
    where: Any = None,
    q: str | None = None,
    sort: Sequence[str] = (),
    limit: int = 50,
    after: str | None = None,
    deleted: bool = False,
) -> tuple[bytes, str | None]:
    """The same page as a JSON array, without parsing what PostgreSQL built, where nothing is nested."""
    if selection.nested:
        found = page(
            entity, actor=actor, at=at, selection=selection, where=where, q=q, sort=sort, limit=limit, after=after,
            deleted=deleted,
        )  # fmt: skip
        return orjson.dumps(found.rows), found.next_cursor
    _require(entity, actor, deleted)
    order = order_of(entity, sort, actor)
    texts, keys, more = _fetch(entity, actor, at, selection, where, q, order, limit, after, deleted)
    return f"[{','.join(texts)}]".encode(), order.cursor(keys[-1]) if more else None


def one(
    entity: Entity, record_id: UUID, *, actor: Actor, at: datetime, selection: Selection, deleted: bool = False
) -> dict[str, Any]:
    """One record. Raises NotFound where there is none that the actor may see."""
    _require(entity, actor, deleted)
    extra = tuple(related.hidden_keys(entity, selection))
    shape = Shape(entity.name, Reach.of(actor), selection.fields, extra, UNSORTED, 1, deleted=deleted, by_id=True)
    found = [line for statement in statements.kept(shape) for line in statement.run(id=record_id)]
    if not found:
        raise missing(entity, record_id, actor)
    parsed: dict[str, Any] = orjson.loads(found[0][0])
    related.attach(entity, [parsed], selection, actor=actor, at=at)
    return parsed


def _require(entity: Entity, actor: Actor, deleted: bool) -> None:
    actor.require(entity.name, "view")
    if deleted:
        actor.require(entity.name, "restore")


def restricted(
    entity: Entity, rows: RecordQuerySet, actor: Actor, at: datetime, where: Any, q: str | None
) -> RecordQuerySet:
    """The rows that meet criteria and a quick search. Raises InvalidCriteria, BadRequest, Invalid."""
    if where is not None:
        condition = criteria.to_q(entity, where, actor=actor, at=at)
        rows = rows.filter(condition) if condition else rows
    return rows.filter(_quick_search(entity, q)) if q else rows


def _quick_search(entity: Entity, q: str) -> Q:
    """Every word must stand in one of the entity's search fields."""
    if not entity.search_fields:
        raise BadRequest(f"{entity.title} has no quick search.")
    try:
        words = (Text(max_length=MAX_QUERY).parse(q) or "").split()[:10]
    except TypeFault as fault:
        raise Invalid.one("/q", fault.code, str(fault)) from None
    matches = [reduce(or_, (Q(**{f"{name}__icontains": word}) for name in entity.search_fields)) for word in words]
    return reduce(and_, matches) if matches else Q()


def _fetch(
    entity: Entity,
    actor: Actor,
    at: datetime,
    selection: Selection,
    where: Any,
    q: str | None,
    order: Order,
    limit: int,
    after: str | None,
    deleted: bool,
) -> tuple[list[str], list[tuple[Any, ...]], bool]:
    """The JSON texts of a page, the sort keys of its rows, and whether there are more."""
    check_limit(limit)
    extra = tuple(related.hidden_keys(entity, selection))
    values = order.values(after) if after else []
    found: list[tuple[Any, ...]] = []
    if where is None and not q:
        nulls = tuple(value is None for value in values)
        sort = SortOrder.of(order)
        shape = Shape(entity.name, Reach.of(actor), selection.fields, extra, sort, limit + 1, deleted, nulls)
        for statement in statements.kept(shape):
            found += statement.run(**{f"k{index}": value for index, value in enumerate(values)})
            if len(found) > limit:
                break
    else:
        rows = restricted(entity, statements.visible(entity, actor, deleted=deleted), actor, at, where, q)
        row = wire_row(entity, actor, selection.fields, extra)
        for part in order.after(values) if values else [Q()]:
            found += statements.fetch(rows.filter(part), row, order, limit + 1 - len(found))
            if len(found) > limit:
                break
    return [line[0] for line in found[:limit]], [line[1:] for line in found[:limit]], len(found) > limit
