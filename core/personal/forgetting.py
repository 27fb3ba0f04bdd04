"""Taking personal values out of records, of the history of their changes, and of what waits or is kept beside."""

# ruff: noqa: S608 - the SQL is made of names from model declarations, never of input

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F

from core import idempotency
from core.models.record import Personal, Record
from core.personal.kinds import about, emptied, file_columns, hidden_columns, kinds

# Set to "on" for a transaction that erases: triggers then let facts go that are else never changed.
ERASING = "bifocal.erasing"
CHUNK = 1_000
_KEPT_IN_PAYLOADS = ("entity", "id", "changed", "kind", "status", "contact_id", "company_id", "deal_id", "order_id")


@dataclass
class Forgotten:
    """What was done: rows by kind, their ids, and the files that are still to be removed from the storage."""

    counts: dict[str, int] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    ids: list[UUID] = field(default_factory=list)


def forget(people: Collection[UUID], *, at: datetime, changed: dict[str, dict[str, Any]] | None = None) -> Forgotten:
    """Empty or remove every row about these people, and the old values in its history. In the caller's transaction.

    changed: by entity, further columns to set on its rows. Doing it again changes nothing more.
    """
    done = Forgotten()
    with _erasing():
        for model, personal in kinds():
            entity = model.entity_name()
            rows = model._default_manager.filter(about(personal, people)).order_by("pk")
            ids = list(dict.fromkeys(rows.values_list("pk", flat=True)))
            _forget_rows(model, personal, ids, at, (changed or {}).get(entity, {}), done)
            if ids:
                done.counts[entity] = len(ids)
        _forget_events(done.ids)
    return done


def forget_rows(
    model: type[Record],
    ids: Sequence[UUID],
    *,
    at: datetime,
    remove: bool,
    changed: Mapping[str, Any] | None = None,
) -> list[str]:
    """Empty these rows of one kind, or remove them, with their history; returns the files to remove after commit.

    changed: further columns to set, or other values than the empty ones.
    """
    personal = model.personal or Personal(people=())
    done = Forgotten()
    with _erasing():
        _forget_rows(model, replace(personal, remove=personal.remove or remove), ids, at, changed or {}, done)
        _forget_events(done.ids)
    return done.files


def forget_answers(words: Collection[str]) -> int:
    """Blank the kept answers to idempotent requests that hold one of the words; returns how many."""
    return idempotency.blank(words)


@contextmanager
def _erasing() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, 'on', true)", [ERASING])
        yield
        cursor.execute("SELECT set_config(%s, '', true)", [ERASING])


def _forget_rows(
    model: type[Record],
    personal: Personal,
    ids: Sequence[UUID],
    at: datetime,
    changed: Mapping[str, Any],
    done: Forgotten,
) -> None:
    for start in range(0, len(ids), CHUNK):
        _forget_chunk(model, personal, ids[start : start + CHUNK], at, changed, done)
    done.ids += ids


def _forget_chunk(
    model: type[Record],
    personal: Personal,
    ids: Sequence[UUID],
    at: datetime,
    changed: Mapping[str, Any],
    done: Forgotten,
) -> None:
    rows = model._default_manager.filter(pk__in=ids)
    for column in file_columns(model, personal):
        done.files += [name for name in rows.values_list(column, flat=True) if name]
    if personal.remove:
        rows.delete()
        forget_history(model, ids, None)
        return
    values = emptied(model, personal) | dict(changed)
    if values:
        same = rows.filter(**{name: value for name, value in values.items() if value is not None})
        same = same.filter(**{f"{name}__isnull": True for name, value in values.items() if value is None})
        other = rows.exclude(pk__in=same.values("pk"))
        other.update(**values, version=F("version") + 1, updated_at=at)
    columns = hidden_columns(model, personal) if personal.columns else []
    if columns:
        forget_history(model, ids, columns)


def forget_history(model: type[Record], ids: Sequence[UUID], columns: list[str] | None) -> None:
    """That something changed, who did it and when stays; what it was and became goes."""
    entity = model.entity_name()
    value = "'null'::jsonb" if columns is None else "CASE WHEN key = ANY(%(columns)s) THEN 'null'::jsonb ELSE value END"
    agg = f"(SELECT jsonb_object_agg(key, {value}) FROM jsonb_each({{side}}))"
    sides = ", ".join(f"{side} = {agg.format(side=side)}" for side in ("before", "after"))
    named = "" if columns is None else "AND (before ?| %(columns)s OR after ?| %(columns)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE core_change SET {sides} WHERE record_id = ANY(%(ids)s) AND entity = %(entity)s {named}",
            {"ids": list(ids), "entity": entity, "columns": columns},
        )


def _forget_events(ids: Sequence[UUID]) -> None:
    """Events that wait, or are kept for a week, tell ids and no more."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE core_outbox SET payload = (
                SELECT jsonb_object_agg(key, CASE WHEN key = ANY(%(kept)s) THEN value ELSE 'null'::jsonb END)
                FROM jsonb_each(payload)
            ), last_error = ''
            WHERE (payload->>'id' = ANY(%(ids)s) OR payload->>'contact_id' = ANY(%(ids)s))
                AND (last_error <> '' OR payload - %(kept)s::text[] <> '{}'::jsonb)
            """,
            {"kept": list(_KEPT_IN_PAYLOADS), "ids": [str(key) for key in ids]},
        )
