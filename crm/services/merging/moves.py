"""Moving rows from one record to another and back: one statement per foreign key, each with the ids that it moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from crm.models import Merge, MergeMove
from crm.services.merging.references import Reference

# Ids in one row of the record of a move.
CHUNK = 5000

# What ends a statement that names the ids of the rows that it moved `moved`: they are noted in chunks, and counted.
NOTED = """
    numbered AS (
        SELECT id, (row_number() OVER (ORDER BY id) - 1) / {chunk} AS chunk FROM moved
    )
    INSERT INTO crm_merge_move (merge_id, kind, model, "column", ids)
    SELECT %(merge)s, 'moved', %(model)s, %(name)s, array_agg(id::text ORDER BY id) FROM numbered GROUP BY chunk
    RETURNING cardinality(ids)
"""
# Rows that came with a later merge too were given to its loser in between: they go back with that one.
WANTED = """
    wanted AS (
        SELECT unnest(ids)::{kind} AS id FROM crm_merge_move
        WHERE merge_id = %(merge)s AND kind = 'moved' AND model = %(model)s AND "column" = %(name)s
        EXCEPT
        SELECT unnest(ids)::{kind} FROM crm_merge_move
        WHERE merge_id = ANY(%(later)s::uuid[]) AND kind = 'moved' AND model = %(model)s AND "column" = %(name)s
    )
"""
_MOVE = sql.SQL(f"""
    WITH moved AS (
        UPDATE {{table}} SET {{column}} = %(winner)s {{touch}}
        WHERE {{column}} = %(loser)s AND NOT ({{pk}} = ANY(%(stay)s::{{kind}}[]))
        RETURNING {{pk}} AS id
    ), {NOTED}
""")  # noqa: S608 - of constants
_BACK = sql.SQL(f"""
    WITH {WANTED}
    UPDATE {{table}} SET {{column}} = %(loser)s {{touch}}
    WHERE {{column}} = %(winner)s AND {{pk}} IN (SELECT id FROM wanted)
""")  # noqa: S608 - of constants
_TOUCH = sql.SQL(", version = version + 1, updated_at = %(at)s")


def move(merge: Merge, reference: Reference, *, stay: set[Any], at: datetime) -> int:
    """Let the loser's rows point at the winner, but for those that stay; returns how many."""
    with connection.cursor() as cursor:
        values = _values(merge, reference, at) | {"stay": sorted(map(str, stay))}
        cursor.execute(_filled(_MOVE, reference), values)
        return sum(count for (count,) in cursor.fetchall())


def keep(merge: Merge, reference: Reference, ids: set[Any]) -> None:
    """Note the rows that stay with the loser."""
    if ids:
        texts = sorted(map(str, ids))
        MergeMove.objects.create(
            merge=merge, kind=MergeMove.Kind.KEPT, model=reference.label, column=reference.name, ids=texts
        )


def move_back(merge: Merge, reference: Reference, *, later: Sequence[UUID], at: datetime) -> int:
    """Let what the merge moved point at the loser again, where it still points at the winner; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_filled(_BACK, reference), _values(merge, reference, at) | {"later": list(later)})
        return int(cursor.rowcount)


def _filled(query: sql.SQL, reference: Reference) -> sql.Composed:
    pk = reference.model._meta.pk
    return query.format(
        table=sql.Identifier(reference.table),
        column=sql.Identifier(reference.column),
        pk=sql.Identifier(str(pk.column)),
        kind=sql.SQL(str(pk.rel_db_type(connection))),
        touch=_TOUCH if reference.has_version else sql.SQL(""),
        chunk=sql.Literal(CHUNK),
    )


def _values(merge: Merge, reference: Reference, at: datetime) -> dict[str, Any]:
    about = {"merge": merge.pk, "model": reference.label, "name": reference.name}
    return about | {"winner": merge.winner_id, "loser": merge.loser_id, "at": at}
