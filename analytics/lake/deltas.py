"""The delta of a fact: the present state of rows that changed since their months were written, or that they are gone.

It has the fact's columns, `_month`, and `is_deleted`; a deleted row has its key and nothing else. Where it speaks of a
row, no file of a month does. It is small: once it is not, it is folded into the months.
"""

# ruff: noqa: S608 - the SQL is made of names from declarations and of our own files, never of input

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path
from uuid import UUID

import duckdb

from analytics.engine.duck import quoted
from analytics.facts import Fact
from analytics.lake import files
from analytics.lake.copying import Piece, csv, day, listed, write_delta, write_file
from analytics.lake.manifest import State, StoredFile

# A delta of more than this share of the fact is folded into its months; one of few rows never needs to be.
FOLD_SHARE = 0.05
FOLD_ROWS = 10_000


def in_months(
    duck: duckdb.DuckDBPyConnection, fact: Fact, delta: StoredFile, months: Collection[date | None]
) -> list[UUID]:
    """The rows of a delta that may have changed where these months did: those that lay in them, and the deleted."""
    some = ", ".join(day(month) for month in months)
    query = f"SELECT {fact.key} FROM {_stored(delta)} WHERE is_deleted OR _month IN ({some})"
    return [UUID(key) for (key,) in duck.execute(query).fetchall()]


def merged(duck: duckdb.DuckDBPyConnection, piece: Piece, old: StoredFile | None) -> StoredFile:
    """A new delta: the rows that were read, and of the old one those that were not."""
    fact = piece.fact
    duck.execute(f"CREATE OR REPLACE TABLE asked AS SELECT * FROM {csv(piece)}")
    nothing = ", ".join(f"CAST(NULL AS {item.type}) AS {item.name}" for item in fact.columns[1:])
    live = f"SELECT {listed(fact, 'a')}, _month, false AS is_deleted FROM asked AS a WHERE {fact.key} IS NOT NULL"
    gone = (
        f"SELECT DISTINCT row_id AS {fact.key}, {nothing}, CAST(NULL AS DATE) AS _month, true AS is_deleted FROM asked "
        f"WHERE row_id NOT IN (SELECT {fact.key} FROM asked WHERE {fact.key} IS NOT NULL)"
    )
    parts = [live, gone]
    if old:
        parts.append(
            f"SELECT {listed(fact, 'o')}, _month, is_deleted FROM {_stored(old)} AS o "
            f"WHERE NOT EXISTS (SELECT 1 FROM asked AS a WHERE a.row_id = o.{fact.key})"
        )
    written = write_delta(duck, fact, f"SELECT * FROM ({' UNION ALL '.join(parts)}) AS d")
    duck.execute("DROP TABLE asked")
    return written


def live_months(duck: duckdb.DuckDBPyConnection, delta: StoredFile) -> set[date | None]:
    """The months of the rows of a delta."""
    found = duck.execute(f"SELECT DISTINCT _month FROM {_stored(delta)} WHERE NOT is_deleted").fetchall()
    return {month for (month,) in found}


def is_due(state: State) -> bool:
    """Whether the delta has grown so large that it is to be folded."""
    return state.delta is not None and state.delta.rows > max(FOLD_ROWS, FOLD_SHARE * state.rows)


def folded(duck: duckdb.DuckDBPyConnection, fact: Fact, state: State) -> State:
    """The same rows without a delta: the months that it touches are written anew from their files, and it goes."""
    if state.delta is None:
        return state
    duck.execute(f"CREATE OR REPLACE TABLE folding AS SELECT * FROM {_stored(state.delta)}")
    base = dict(state.base)
    for month in sorted(_months_to_fold(duck, fact, state), key=str):
        which = f"NOT d.is_deleted AND d._month IS NOT DISTINCT FROM {day(month)}"
        rows = f"SELECT {listed(fact, 'd')} FROM folding AS d WHERE {which}"
        if month in base:
            rows += (
                f" UNION ALL SELECT {listed(fact, 'b')} FROM {_stored(base.pop(month))} AS b "
                f"WHERE NOT EXISTS (SELECT 1 FROM folding AS d WHERE d.{fact.key} = b.{fact.key})"
            )
        written = write_file(duck, fact, month, f"SELECT * FROM ({rows}) AS r")
        # A file without rows is named by nothing, and goes as all such do.
        if written.rows:
            base[month] = written
    duck.execute("DROP TABLE folding")
    return State(state.version, base).touched(())


def _months_to_fold(duck: duckdb.DuckDBPyConnection, fact: Fact, state: State) -> set[date | None]:
    """The months that the delta has rows of, and those whose files have rows that it speaks of."""
    found = {month for (month,) in duck.execute("SELECT DISTINCT _month FROM folding WHERE NOT is_deleted").fetchall()}
    for month, file in state.base.items():
        if file.is_touched and month not in found:
            query = f"SELECT 1 FROM {_stored(file)} WHERE {fact.key} IN (SELECT {fact.key} FROM folding) LIMIT 1"
            if duck.execute(query).fetchone():
                found.add(month)
    return found


def _stored(file: StoredFile) -> str:
    return f"read_parquet({quoted(_path(file))})"


def _path(file: StoredFile) -> Path:
    return files.root() / file.path
