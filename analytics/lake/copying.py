"""Copying rows of a fact out of the database into Parquet, a stretch of months at a time, in bounded memory."""

# ruff: noqa: S608 - the SQL is made of names from declarations and of our own files, never of input

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from psycopg import sql

from analytics.engine.duck import quoted
from analytics.facts import Fact
from analytics.lake import files
from core.database.aside import Connection

# Months that follow each other are read by one COPY, up to this many.
STRETCH = 12
_NULL = "\\N"


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that was written and is not in the manifest yet."""

    fact: str
    month: date | None
    path: str
    rows: int
    bytes: int


def copy(
    connection: Connection, duck: duckdb.DuckDBPyConnection, fact: Fact, months: Collection[date | None], scratch: Path
) -> Iterator[NewFile]:
    """Write a file for each of the months that has rows."""
    if not fact.moment:
        yield from _copy_stretch(connection, duck, fact, [None], scratch)
        return
    for stretch in stretches(sorted(month for month in months if month is not None)):
        yield from _copy_stretch(connection, duck, fact, stretch, scratch)


def stretches(months: list[date]) -> Iterator[list[date]]:
    """Cut sorted months into runs without gaps."""
    run: list[date] = []
    for month in months:
        if run and (month != following(run[-1]) or len(run) == STRETCH):
            yield run
            run = []
        run.append(month)
    if run:
        yield run


def following(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _copy_stretch(
    connection: Connection,
    duck: duckdb.DuckDBPyConnection,
    fact: Fact,
    months: list[date] | list[None],
    scratch: Path,
) -> Iterator[NewFile]:
    transit = scratch / f"{fact.name}.csv"
    _unload(connection, fact, months, transit)
    try:
        duck.execute(f"CREATE OR REPLACE TABLE transit AS SELECT * FROM {_csv(fact, transit)}")
    finally:
        transit.unlink(missing_ok=True)
    for month in months:
        written = _write(duck, fact, month)
        if written is not None:
            yield written
    duck.execute("DROP TABLE transit")


def _unload(connection: Connection, fact: Fact, months: list[date] | list[None], target: Path) -> None:
    first, last = months[0], months[-1]
    rows = fact.rows(first, following(last) if last else None)
    query = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, NULL {})").format(rows, sql.Literal(_NULL))
    with connection.cursor() as cursor, target.open("wb") as file, cursor.copy(query) as stream:
        for chunk in stream:
            file.write(chunk)


def _csv(fact: Fact, path: Path) -> str:
    columns = ", ".join(f"{quoted(item.name)}: {quoted(item.type)}" for item in fact.columns)
    return (
        f"read_csv({quoted(path)}, auto_detect=false, header=false, delim=',', quote='\"', escape='\"', "
        f"new_line='\\n', nullstr={quoted(_NULL)}, allow_quoted_nulls=false, max_line_size=16777216, "
        f"columns={{{columns}, '_month': 'DATE'}})"
    )


def _write(duck: duckdb.DuckDBPyConnection, fact: Fact, month: date | None) -> NewFile | None:
    path = files.new_path(fact.name, month)
    target = files.root() / path
    target.parent.mkdir(parents=True, exist_ok=True)
    which = f"_month = DATE '{month.isoformat()}'" if month else "_month IS NULL"
    if not _has_rows(duck, which):
        return None
    rows = f"SELECT * EXCLUDE (_month) FROM transit WHERE {which} ORDER BY {fact.key}"
    answer = duck.execute(f"COPY ({rows}) TO {quoted(target)} (FORMAT parquet, COMPRESSION zstd)").fetchone()
    files.make_durable(target)
    return NewFile(fact.name, month, path, int(answer[0]) if answer else 0, target.stat().st_size)


def _has_rows(duck: duckdb.DuckDBPyConnection, which: str) -> bool:
    return duck.execute(f"SELECT 1 FROM transit WHERE {which} LIMIT 1").fetchone() is not None
