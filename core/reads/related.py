"""Related records for a page of rows: one query per relation and level, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from core import criteria, registry
from core.actors import Actor
from core.errors import BadRequest
from core.reads.selection import Nested, Selection
from core.reads.sorting import Order, order_of
from core.reads.wire import wire_row
from core.registry.entities import Entity
from core.registry.fields import Relation

_ID = "_id"
MAX_NESTED = 100


def hidden_keys(entity: Entity, selection: Selection) -> list[tuple[str, str]]:
    """The (key, column) pairs that a row must carry along so that its relations can be found."""
    if not selection.nested:
        return []
    keys = {(_ID, "id")}
    for nested in selection.nested.values():
        relation = _relation(entity, nested)
        if not relation.reverse:
            keys.add((_hidden(relation), relation.column))
    return sorted(keys)


def attach(entity: Entity, rows: Sequence[dict[str, Any]], selection: Selection, *, actor: Actor, at: datetime) -> None:
    """Put the related records into the rows under their keys. What the actor may not see is null, or not in the list.

    To-one: the record or None. Lists: {"rows", "next_cursor", "cursors"} (of each row, if asked for).
    """
    if not selection.nested:
        return
    for alias, nested in selection.nested.items():
        relation = _relation(entity, nested)
        target = registry.entity(relation.target)
        if not actor.may(target.name, "view"):
            _fill(rows, alias, relation)
        elif relation.many:
            _attach_many(entity, rows, alias, relation, target, nested, actor, at)
        else:
            _attach_one(rows, alias, relation, target, nested, actor, at)
    for row in rows:
        for key, _ in hidden_keys(entity, selection):
            row.pop(key, None)


def _relation(entity: Entity, nested: Nested) -> Relation:
    relation = entity.relations_by_name.get(nested.relation)
    if relation is None:
        raise BadRequest(f"{entity.title} has no relation {nested.relation!r}.")
    return relation


def _hidden(relation: Relation) -> str:
    return f"_{relation.name}"


def _fill(rows: Sequence[dict[str, Any]], alias: str, relation: Relation) -> None:
    for row in rows:
        row[alias] = {"rows": [], "next_cursor": None, "cursors": []} if relation.many else None


def _attach_one(
    rows: Sequence[dict[str, Any]],
    alias: str,
    relation: Relation,
    target: Entity,
    nested: Nested,
    actor: Actor,
    at: datetime,
) -> None:
    key = _ID if relation.reverse else _hidden(relation)
    match = relation.column if relation.reverse else "pk"
    wanted = {row[key] for row in rows if row[key] is not None}
    extra = [*hidden_keys(target, nested.selection), ("_match", relation.column if relation.reverse else "id")]
    visible = target.model._default_manager.all().visible_to(actor).alive().filter(**{f"{match}__in": wanted})
    texts = visible.values_list(wire_row(target, actor, nested.selection.fields, extra), flat=True) if wanted else []
    found: list[dict[str, Any]] = orjson.loads(f"[{','.join(texts)}]")
    by_key = {item.pop("_match"): item for item in found}
    attach(target, found, nested.selection, actor=actor, at=at)
    for row in rows:
        row[alias] = by_key.get(row[key])


def _attach_many(
    entity: Entity,
    rows: Sequence[dict[str, Any]],
    alias: str,
    relation: Relation,
    target: Entity,
    nested: Nested,
    actor: Actor,
    at: datetime,
) -> None:
    if not 1 <= nested.limit <= MAX_NESTED:
        raise BadRequest(f"A nested list may have 1 to {MAX_NESTED} records per page.")
    order = order_of(target, nested.sort, actor)
    children = target.model._default_manager.all().visible_to(actor).alive()
    if nested.where is not None:
        children = children.filter(criteria.to_q(target, nested.where, actor=actor, at=at))
    if nested.after:
        children = children.filter(order.after_all(order.values(nested.after)))
    extra = [*hidden_keys(target, nested.selection), *_sort_columns(order)]
    row = wire_row(target, actor, nested.selection.fields, extra)
    page = children.filter(**{relation.column: OuterRef("pk")}).order_by(*order.columns).values_list(row, flat=True)
    ids = [row[_ID] for row in rows]
    parents = entity.model._default_manager.filter(pk__in=ids)
    lists = dict(parents.values_list("pk", ArraySubquery(page[: nested.limit + 1])))
    parsed = {str(pk): orjson.loads(f"[{','.join(texts)}]") for pk, texts in lists.items()}
    everyone: list[dict[str, Any]] = []
    for parent in rows:
        found = parsed.get(parent[_ID], [])
        shown = found[: nested.limit]
        keys = [_keys(order, item) for item in shown]
        parent[alias] = {
            "rows": shown,
            "next_cursor": _cursor(order, keys[-1]) if len(found) > nested.limit else None,
            "cursors": [_cursor(order, key) for key in keys] if nested.cursors else [],
        }
        everyone += shown
    attach(target, everyone, nested.selection, actor=actor, at=at)


def _sort_columns(order: Order) -> list[tuple[str, str]]:
    return [(f"_k{index}", key.field.attribute) for index, key in enumerate(order.keys)]


def _keys(order: Order, item: dict[str, Any]) -> list[Any]:
    return [item.pop(f"_k{index}") for index, _ in enumerate(order.keys)]


def _cursor(order: Order, values: list[Any]) -> str:
    parsed = [None if v is None else k.field.type.parse(v) for k, v in zip(order.keys, values, strict=True)]
    return order.cursor(parsed)
