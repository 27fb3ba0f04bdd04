"""Parts of writing many records at once: what is asked of the database, asked once for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from django.db import models
from django.db.models import Q
from django.db.models.base import ModelState
from psycopg import sql

from core.actors import Actor
from core.constraints import Taken, written
from core.database.cursors import wrapper
from core.database.lookups import AnyOf
from core.errors import DomainError, FieldError, Forbidden, Invalid
from core.ids import new_ids
from core.models.record import Record
from core.personal import erased
from core.reads.missing import missing
from core.registry.entities import Entity
from core.writes import inputs
from core.writes.base import Write, Writes

# What a set-based write stands for. An entity that does more in one of these is written one by one.
_VERBS = {"create": ("create",), "update": ("update", "apply", "lock")}


def may_be_together(writes: Writes[Any], verb: str) -> bool:
    """Whether all that is particular to the entity is in its rules, and none of them forbids many at once."""
    return writes.together and all(getattr(type(writes), name) is getattr(Writes, name) for name in _VERBS[verb])


def blanks(model: type[Record], at: datetime, count: int) -> list[Any]:
    """So many new, empty records: what the model's constructor makes, without its looking at every field each time."""
    plain, made = _defaults(model)
    plain = {**plain, "created_at": at, "updated_at": at}
    records = []
    for key in new_ids(count):
        record = model.__new__(model)
        values = record.__dict__
        values.update(plain)
        for name, make in made:
            values[name] = make()
        values["_state"], values["id"] = ModelState(), key
        records.append(record)
    return records


@lru_cache(maxsize=256)
def _defaults(model: type[Record]) -> tuple[dict[str, Any], tuple[tuple[str, Callable[[], Any]], ...]]:
    plain: dict[str, Any] = {}
    made: list[tuple[str, Callable[[], Any]]] = []
    for column in model._meta.concrete_fields:
        if getattr(column, "generated", False) or column.attname in ("id", "created_at", "updated_at"):
            continue
        if column.has_default() and callable(column.default):
            made.append((column.attname, column.default))
        else:
            plain[column.attname] = column.get_default()
    return plain, tuple(made)


def missing_references(
    entity: Entity,
    values: Sequence[Mapping[str, Any]],
    *,
    actor: Actor,
    unless: Sequence[Mapping[str, Any]] | None = None,
) -> dict[int, DomainError]:
    """`inputs.check_references` of each, with one query per kind of record referred to; by place in `values`."""
    # What refers to others is looked at, and nothing else: there may be very many records.
    referring = [item.name for item in entity.fields if item.reference is not None or item.name == entity.custom_column]
    named = [
        (place, name, want, value)
        for place, given in enumerate(values)
        for column in referring
        if given.get(column) is not None
        for name, want, value in inputs.wanted_references(
            entity, column, given[column], None if unless is None else unless[place]
        )
    ]
    wanted: dict[inputs.Wanted, set[UUID]] = {}
    for _, _, want, value in named:
        wanted.setdefault(want, set()).add(value)
    seen = {want: inputs.hold(want.target, keys, actor, want.mark) for want, keys in wanted.items()}
    errors: dict[int, list[FieldError]] = {}
    gone: dict[int, DomainError] = {}
    for place, name, want, value in named:
        if value not in seen[want]:
            errors.setdefault(place, []).append(FieldError(f"/{name}", "not_found", "There is no such record."))
        elif seen[want][value] is not None:
            gone.setdefault(place, erased.refusal(name, value))
    return gone | {place: Invalid(found) for place, found in errors.items()}


def taken(model: type[Record], records: Sequence[Any]) -> tuple[dict[int, DomainError], set[int]]:
    """Which new records have a unique value that a live row has, and which of them one that an earlier one has."""
    refused: dict[int, DomainError] = {}
    later: set[int] = set()
    for constraint in _uniques(model):
        names = tuple(written(model, name) for name in constraint)
        keys = list(zip(*([record.__dict__[name] for record in records] for name in names), strict=True))
        own: dict[tuple[Any, ...], list[int]] = {}
        for place, key in enumerate(keys):
            if None not in key and place not in refused:
                own.setdefault(key, []).append(place)
        there = _present(model, names, list(own)) if own else set()
        for key in there & own.keys():
            refused |= {place: Taken(names) for place in own[key]}
        if len(own) < len(keys):
            later.update(place for key, places in own.items() if key not in there for place in places[1:])
    return refused, later - set(refused)


@lru_cache(maxsize=256)
def _uniques(model: type[Record]) -> tuple[tuple[str, ...], ...]:
    """The fields of the uniqueness constraints among live rows, in the order in which the database checks them."""
    live = Q(deleted_at__isnull=True)
    return tuple(
        tuple(item.fields)
        for item in model._meta.constraints
        if isinstance(item, models.UniqueConstraint) and item.fields and item.condition == live
    )


def _present(model: type[Record], names: Sequence[str], keys: Sequence[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """Those of the keys that live rows have."""
    wanted = (AnyOf(name, {key[place] for key in keys}) for place, name in enumerate(names))
    return set(model._default_manager.filter(*wanted, deleted_at__isnull=True).values_list(*names))


def locked(writes: Writes[Any], ids: Sequence[UUID | None], *, actor: Actor) -> dict[UUID | None, Any]:
    """The records by id, locked in the order of their ids; in the place of one that may not be updated, the reason."""
    model, name = writes.entity.model, writes.entity_name
    rows = model._default_manager.filter(pk__in=[key for key in ids if key])
    mine = rows.visible_to(actor, "update").order_by("pk").select_for_update(of=("self",), no_key=True)
    found: dict[UUID | None, Any] = {record.pk: record for record in mine if record.deleted_at is None}
    absent = [key for key in ids if key and key not in found]
    if absent:
        gone = {record.pk for record in mine if record.deleted_at is not None}
        shown = model._default_manager.filter(pk__in=absent).visible_to(actor, "view").alive()
        seen = set(shown.values_list("pk", flat=True)) - gone
        for key in absent:
            forbidden = Forbidden(entity=name, action="update")
            found[key] = forbidden if key in seen else missing(writes.entity, key, actor)
    return found


def save(model: type[Record], changes: Sequence[tuple[Mapping[str, Any], Write[Any]]], at: datetime) -> None:
    """Write what changed of the records, in one statement; `changes` hold the values as they were."""
    columns = [column for column in model._meta.concrete_fields if not getattr(column, "generated", False)]
    kept = ("id", "version", "updated_at")
    moved = [
        column
        for column in columns
        if column.attname not in kept
        and any(change.record.__dict__.get(column.attname) != old.get(column.attname) for old, change in changes)
    ]
    rows = []
    for _, change in changes:
        change.record.version += 1
        change.record.updated_at = at
        values = change.record.__dict__
        rows.append({column.attname: values[column.attname] for column in moved} | {"id": change.record.pk})
    connection = wrapper()
    names = [(sql.Identifier(str(column.column)), column) for column in moved]
    kinds = [
        sql.SQL("{} {}").format(sql.Identifier(column.attname), sql.SQL(str(column.db_type(connection))))
        for _, column in names
    ]
    sets = [sql.SQL("{} = v.{}").format(name, sql.Identifier(column.attname)) for name, column in names]
    statement = sql.SQL(
        "UPDATE {table} AS t SET {sets} FROM jsonb_to_recordset(%s::jsonb) AS v (id uuid, {kinds}) WHERE t.id = v.id"
        if moved
        else "UPDATE {table} AS t SET {sets} FROM jsonb_to_recordset(%s::jsonb) AS v (id uuid) WHERE t.id = v.id"
    ).format(
        table=sql.Identifier(model._meta.db_table),
        sets=sql.SQL(", ").join([*sets, sql.SQL("version = t.version + 1"), sql.SQL("updated_at = %s")]),
        kinds=sql.SQL(", ").join(kinds),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [at, orjson.dumps(rows, default=str).decode()])
