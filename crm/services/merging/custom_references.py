"""Custom fields that refer to records of a kind: no foreign key, and moved, given back and cleared like one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from core import registry
from core.models.record import Record
from crm.models import CustomField, CustomFieldType, Merge
from crm.services.merging.moves import CHUNK, NOTED, WANTED

# The two themselves are merged value by value. Containment is what the index of the column answers.
_MOVE = sql.SQL(f"""
    WITH moved AS (
        UPDATE {{table}} SET custom = custom || jsonb_build_object(%(key)s::text, %(winner)s::text),
            version = version + 1, updated_at = %(at)s
        WHERE custom @> jsonb_build_object(%(key)s::text, %(loser)s::text) AND id NOT IN (%(winner)s, %(loser)s)
        RETURNING id
    ), {NOTED}
""")  # noqa: S608 - of constants
_BACK = sql.SQL(f"""
    WITH {WANTED}
    UPDATE {{table}} SET custom = custom || jsonb_build_object(%(key)s::text, %(loser)s::text),
        version = version + 1, updated_at = %(at)s
    WHERE custom @> jsonb_build_object(%(key)s::text, %(winner)s::text) AND id IN (SELECT id FROM wanted)
""")  # noqa: S608 - of constants
_CLEAR = sql.SQL("""
    UPDATE {table} SET custom = custom - %(key)s::text, version = version + 1, updated_at = %(at)s
    WHERE custom @> jsonb_build_object(%(key)s::text, %(person)s::text)
""")


@dataclass(frozen=True)
class Place:
    """One custom field of a kind of record."""

    entity: str
    key: str
    table: str
    label: str


def places(target: type[Record]) -> list[Place]:
    """The custom fields that refer to records of this kind; those of deleted definitions too, which may come back."""
    found = CustomField.objects.filter(type=CustomFieldType.REFERENCE, target=target.entity_name())
    names = sorted(set(found.values_list("entity", "key")))
    models = {name: registry.entity(name).model for name, _ in names}
    return [Place(name, key, str(models[name]._meta.db_table), str(models[name]._meta.label)) for name, key in names]


def move(merge: Merge, place: Place, *, at: datetime) -> int:
    """Let the values that name the loser name the winner; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_filled(_MOVE, place), _values(merge, place, at))
        return sum(count for (count,) in cursor.fetchall())


def move_back(merge: Merge, place: Place, *, later: Sequence[UUID], at: datetime) -> None:
    """Let the values that the merge moved, and that still name the winner, name the loser again."""
    with connection.cursor() as cursor:
        cursor.execute(_filled(_BACK, place), _values(merge, place, at) | {"later": list(later)})


def clear(place: Place, people: Collection[UUID], *, at: datetime) -> None:
    """Take the values that name these people out."""
    with connection.cursor() as cursor:
        for person in sorted(people):
            cursor.execute(_filled(_CLEAR, place), {"key": place.key, "person": person, "at": at})


def _filled(query: sql.SQL, place: Place) -> sql.Composed:
    return query.format(table=sql.Identifier(place.table), chunk=sql.Literal(CHUNK), kind=sql.SQL("uuid"))


def _values(merge: Merge, place: Place, at: datetime) -> dict[str, Any]:
    about = {"merge": merge.pk, "model": f"{place.label}.custom", "name": place.key, "key": place.key}
    return about | {"winner": merge.winner_id, "loser": merge.loser_id, "at": at}
