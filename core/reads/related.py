"""Related records for a page of rows: one query per relation and level, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from core import criteria, registry
from core.actors import Actor
from core.errors import BadRequest, Invalid
from core.reads import statements
from core.reads.selection import Nested, Selection
from core.reads.sorting import Order, order_of
from core.reads.statements import Reach, SortOrder
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
    extra = (*hidden_keys(target, nested.selection), ("_match", relation.column if relation.reverse else "id"))
    statement = statements.matching(target.name, match, Reach.of(actor), nested.selection.fields, extra)
    texts = [text for (text,) in statement.run(ids=sorted(wanted))] if wanted else []
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
        raise Invalid.one("/limit", "out_of_range", f"A nested list may have 1 to {MAX_NESTED} records per page.")
    order = order_of(target, nested.sort, actor)
    parsed = _lists(entity, [row[_ID] for row in rows], relation, target, nested, order, actor, at)
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


def _lists(
    entity: Entity,
    parents: list[str],
    relation: Relation,
    target: Entity,
    nested: Nested,
    order: Order,
    actor: Actor,
    at: datetime,
) -> dict[str, list[dict[str, Any]]]:
    """The related rows by the id of the parent, one more than asked for where there are more."""
    extra = (*hidden_keys(target, nested.selection), *_sort_columns(order))
    found: Iterable[tuple[Any, ...]]
    if nested.where is None and not nested.after:
        fields, sort = nested.selection.fields, SortOrder.of(order)
        statement = statements.lists(
            entity.name, target.name, relation.column, Reach.of(actor), fields, extra, sort, nested.limit + 1
        )
        found = statement.run(ids=parents)
    else:
        children = statements.visible(target, actor, deleted=False).filter(**{relation.column: OuterRef("pk")})
        if nested.where is not None:
            children = children.filter(criteria.to_q(target, nested.where, actor=actor, at=at))
        if nested.after:
            children = children.filter(order.after_all(order.values(nested.after)))
        row = wire_row(target, actor, nested.selection.fields, extra)
        page = children.order_by(*order.columns).values_list(row, flat=True)[: nested.limit + 1]
        found = entity.model._default_manager.filter(pk__in=parents).values_list("pk", ArraySubquery(page))
    return {str(pk): orjson.loads(f"[{','.join(texts)}]") for pk, texts in found}


def _sort_columns(order: Order) -> list[tuple[str, str]]:
    return [
        (f"_k{index}", key.type.sql(key.sql("{t}")) if key.field.inside else key.field.attribute)
        for index, key in enumerate(order.keys)
    ]


def _keys(order: Order, item: dict[str, Any]) -> list[Any]:
    return [item.pop(f"_k{index}") for index, _ in enumerate(order.keys)]


def _cursor(order: Order, values: list[Any]) -> str:
    parsed = [None if v is None else k.type.parse(v) for k, v in zip(order.keys, values, strict=True)]
    return order.cursor(parsed)
