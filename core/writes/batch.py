"""Many writes in one request: each item succeeds or fails by itself, or all together where asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import Q

from core.actors import Actor
from core.errors import BadRequest, Conflict, DomainError, Duplicate, FieldError, Forbidden, Invalid
from core.problems import problem_of
from core.registry import types
from core.registry.entities import Entity
from core.registry.fields import Field, Shape, clean_values, escape
from core.registry.types import TypeFault
from core.writes.base import Writes

MAX_ITEMS = 1000
ACTIONS = ("create", "update", "upsert", "delete", "restore")

ITEM = Shape(
    title="BatchItem",
    fields=(
        Field("action", types.Choice(options=ACTIONS), "What to do.", nullable=False, required=True),
        Field("id", types.Id(), "The record, for update, upsert, delete and restore."),
        Field(
            "key", types.Text(max_length=63), "Find the record by this field of `values` instead: external_id, email..."
        ),
        Field("values", types.Json(max_depth=12), "The fields to write."),
        Field("version", types.Integer(minimum=1), "Refuse if the record has moved on from this version."),
    ),
)
_CREATION = {"action", "values"}
_STATUS = {"create": "created", "update": "updated", "delete": "deleted", "restore": "restored"}


class _RolledBack(Exception):
    """Leaves the transaction of an atomic batch."""


def run(
    entity: Entity, *, actor: Actor, at: datetime, items: Sequence[Any], atomic: bool = False
) -> list[dict[str, Any]]:
    """Carry out up to 1,000 items in order; a result per item: index, status, id, version, or a problem.

    With `atomic`, one failure undoes all, and the others are reported as `rolled_back`. Raises BadRequest.
    """
    if entity.writes is None:
        raise BadRequest(f"{entity.title} cannot be written.")
    if not isinstance(items, list) or len(items) > MAX_ITEMS:
        raise BadRequest(f"items must be a list of at most {MAX_ITEMS}.")
    if not any(actor.may(entity.name, verb) for verb in entity.verbs):
        # Whoever may write in no way at all is refused as a whole; the rest is for each item.
        raise Forbidden(entity=entity.name)
    results: list[dict[str, Any]] = []
    try:
        with transaction.atomic():
            _hold(entity, actor, items)
            found = _as_a_set(entity.writes, actor, at, items)
            if found is None:
                found = (_one(entity, entity.writes, actor, at, item) for item in items)
            results += [{"index": index} | result for index, result in enumerate(found)]
            if atomic and any(result["status"] == "failed" for result in results):
                raise _RolledBack
    except _RolledBack:
        for result in results:
            if result["status"] != "failed":
                result |= {"status": "rolled_back", "id": None, "version": None}
    return results


def _hold(entity: Entity, actor: Actor, items: Sequence[Any]) -> None:
    """Lock the records that the items name, in the order of their ids: two batches on the same ones never deadlock."""
    if len(items) < 2:
        return
    wanted: dict[str, list[Any]] = {}
    for item in items:
        named = item if isinstance(item, dict) else {}
        values = named.get("values")
        key = "id" if named.get("id") else named.get("key")
        value = named.get("id") or (values.get(key) if isinstance(values, dict) and key in entity.keys else None)
        if isinstance(key, str) and key in entity.by_name and isinstance(value, str):
            with suppress(TypeFault):
                wanted.setdefault(key, []).append(entity.by_name[key].type.parse(value))
    if wanted:
        named_by = reduce(or_, (Q(**{f"{entity.by_name[key].attribute}__in": found}) for key, found in wanted.items()))
        rows = entity.model._default_manager.filter(named_by).visible_to(actor).order_by("pk")
        list(rows.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))


def _as_a_set(writes: Writes[Any], actor: Actor, at: datetime, items: Sequence[Any]) -> Iterable[dict[str, Any]] | None:
    """The results, where all items are plain creations and the entity makes many at once; None otherwise."""
    plain = all(
        isinstance(item, dict)
        and item.keys() == _CREATION
        and item["action"] == "create"
        and isinstance(item["values"], dict)
        for item in items
    )
    if not (writes.makes_sets and plain and len(items) > 1):
        return None
    with suppress(DomainError, DatabaseError), transaction.atomic():
        made = writes.create_set(actor=actor, at=at, items=[item["values"] for item in items])
        return [_failed(one) if isinstance(one, DomainError) else _done("created", one) for one in made]
    # What is wrong with one of them is found out one by one.
    return None


def _done(status: str, record: Any) -> dict[str, Any]:
    return {"status": status, "id": str(record.pk), "version": record.version, "error": None}


def _failed(error: Exception) -> dict[str, Any]:
    return {"status": "failed", "id": None, "version": None, "error": problem_of(error).body()}


def _one(entity: Entity, writes: Writes[Any], actor: Actor, at: datetime, item: Any) -> dict[str, Any]:
    try:
        cleaned = clean_values(ITEM.fields, item)
        try:
            with transaction.atomic():
                status, record = _apply(entity, writes, actor, at, cleaned)
        except Duplicate:
            if cleaned["action"] != "upsert":
                raise
            # Somebody else made the record between the look and the write: now it is found.
            with transaction.atomic():
                status, record = _apply(entity, writes, actor, at, cleaned)
        return _done(status, record)
    except TypeFault as fault:
        error: Exception = Invalid.one("", fault.code, str(fault))
    except (DomainError, DatabaseError) as refusal:
        error = refusal
    return _failed(error)


def _apply(entity: Entity, writes: Writes[Any], actor: Actor, at: datetime, item: dict[str, Any]) -> tuple[str, Any]:
    action, values, version = item["action"], item.get("values") or {}, item.get("version")
    record_id = item.get("id") or _find(entity, actor, item, values)
    if record_id is None and item.get("key") and action in ("update", "upsert"):
        value = _value(entity, item, values)
        record_id = writes.known_as(item["key"], [value], actor=actor).get(value)
        if record_id is not None:
            # Known by a value that is not its own: its own stays what it is.
            values = {name: given for name, given in values.items() if name != item["key"]}
    if action == "create" and item.get("id"):
        raise Invalid.one("/id", "not_allowed", "The id of a new record is given by the server.")
    if action == "upsert":
        action = "update" if record_id else "create"
    if action == "create":
        return "created", writes.create(actor=actor, values=values, at=at)
    if record_id is None and item.get("key"):
        raise Invalid.one(f"/values/{escape(item['key'])}", "not_found", "There is no such record.")
    if record_id is None:
        raise Invalid.one("/id", "required", "Name the record by id or key.")
    if action == "update":
        record = writes.update(actor=actor, record_id=record_id, values=values, at=at, version=version)
    elif action == "delete":
        record = writes.delete(actor=actor, record_id=record_id, at=at, version=version)
    else:
        record = writes.restore(actor=actor, record_id=record_id, at=at)
    return _STATUS[action], record


def _find(entity: Entity, actor: Actor, item: dict[str, Any], values: dict[str, Any]) -> UUID | None:
    """The id of the one live, visible record with the same key value; None where there is none."""
    key = item.get("key")
    if key is None or item["action"] == "create":
        return None
    if key not in entity.keys or key not in entity.by_name:
        raise Invalid.one("/key", "unknown_key", f"Must be one of: {', '.join(entity.keys)}.")
    value, attribute = _value(entity, item, values), entity.by_name[key].attribute
    rows = entity.model._default_manager.filter(**{attribute: value}).visible_to(actor).alive()
    found = list(rows.order_by("pk").values_list("pk", flat=True)[:2])
    if len(found) > 1:
        raise Conflict(f"Several records have this {key}.", key=key)
    return found[0] if found else None


def _value(entity: Entity, item: dict[str, Any], values: dict[str, Any]) -> Any:
    """The value of the key, parsed."""
    key = item["key"]
    try:
        value = entity.by_name[key].type.parse(values.get(key))
    except TypeFault as fault:
        raise Invalid([FieldError(f"/values/{escape(key)}", fault.code, str(fault))]) from None
    if value is None:
        raise Invalid.one(f"/values/{escape(key)}", "required", "The key must have a value.")
    return value
