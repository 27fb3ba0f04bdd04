"""Copying rows out of the database into Parquet: PostgreSQL is read while DuckDB writes what came before."""

# ruff: noqa: S608 - the SQL is made of names from declarations and of our own files, never of input

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
from psycopg import sql

from analytics.engine.duck import PARQUET, quoted
from analytics.facts import Fact
from analytics.lake import files
from analytics.lake.manifest import StoredFile
from core.database.aside import Connection
from core.ids import new_id

# About so many rows are read by one COPY, of months that follow each other: they are on disk twice over as CSV.
ROWS_OF_A_STRETCH = 1_000_000
MONTHS_OF_A_STRETCH = 24
_NULL = "\\N"
_BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows in transit, as CSV. `months` is empty where they are single rows that changed."""

    fact: Fact
    path: Path
    months: bool = True


@contextmanager
def ahead(pieces: Iterator[Piece]) -> Iterator[Iterator[Piece]]:
    """The same pieces, each made by a thread while its predecessor is worked on. One at most is ahead."""
    with ThreadPoolExecutor(1, "lake-copy") as pool:
        yield _ahead(pool, pieces)


def _ahead(pool: ThreadPoolExecutor, pieces: Iterator[Piece]) -> Iterator[Piece]:
    coming = pool.submit(next, pieces, None)
    while (piece := coming.result()) is not None:
        coming = pool.submit(next, pieces, None)
        yield piece
        piece.path.unlink()


def everything(connection: Connection, fact: Fact, scratch: Path) -> Iterator[Piece]:
    """All rows of a fact."""
    if not fact.moment:
        yield _unload(connection, fact, fact.rows(None, None), scratch)
    elif _is_indexed(connection, fact):
        yield from _by_hops(connection, fact, scratch)
    else:
        rows: dict[date, int] = dict(connection.execute(fact.months()).fetchall())
        yield from of_months(connection, fact, rows, scratch)


def of_months(connection: Connection, fact: Fact, rows: Mapping[date, int], scratch: Path) -> Iterator[Piece]:
    """The rows of these months, of which each has about so many."""
    for run in stretches(rows):
        yield _unload(connection, fact, fact.rows(run[0], following(run[-1])), scratch)


def single_rows(connection: Connection, fact: Fact, ids: str, scratch: Path) -> Piece:
    """The rows named by `ids` (see `Fact.chosen`)."""
    return _unload(connection, fact, fact.chosen(ids), scratch, months=False)


def stretches(rows: Mapping[date, int]) -> Iterator[list[date]]:
    """Cut months into runs without gaps, each of about as many rows as are read at once."""
    run: list[date] = []
    held = 0
    for month in sorted(rows):
        is_next = bool(run) and month == following(run[-1]) and len(run) < MONTHS_OF_A_STRETCH
        if run and not (is_next and held + rows[month] <= ROWS_OF_A_STRETCH):
            yield run
            run, held = [], 0
        run.append(month)
        held += rows[month]
    if run:
        yield run


def following(month: date, by: int = 1) -> date:
    """The month `by` months later."""
    years, month_number = divmod(month.month - 1 + by, 12)
    return date(month.year + years, month_number + 1, 1)


def _by_hops(connection: Connection, fact: Fact, scratch: Path) -> Iterator[Piece]:
    """Stretch after stretch along the index of the moment, each as long as the ones before let expect."""
    month, length = _first_month(connection, fact, None), 1
    while month:
        after = following(month, length)
        piece = _unload(connection, fact, fact.rows(month, after), scratch)
        rows = max(piece.path.stat().st_size // _row_bytes(piece.path), 1)
        yield piece
        length = max(1, min(MONTHS_OF_A_STRETCH, length * ROWS_OF_A_STRETCH // rows))
        month = _first_month(connection, fact, after)


def _row_bytes(path: Path) -> int:
    """About how long a row is."""
    with path.open("rb") as file:
        sample = file.read(_BUFFER)
    return max(len(sample) // max(sample.count(b"\n"), 1), 1)


def _first_month(connection: Connection, fact: Fact, after: date | None) -> date | None:
    row = connection.execute(fact.first_moment(after)).fetchone()
    moment: datetime | None = row[0] if row else None
    return moment.astimezone(UTC).date().replace(day=1) if moment else None


def _is_indexed(connection: Connection, fact: Fact) -> bool:
    """Whether an index begins with the moment, so that the months need not be counted."""
    alias, _, column = fact.moment.partition(".")
    query = (
        "SELECT EXISTS (SELECT FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid "
        "AND a.attnum = i.indkey[0] WHERE i.indrelid = %s::regclass AND a.attname = %s)"
    )
    row = connection.execute(query, [fact.table, column]).fetchone()
    return alias == "t" and bool(row and row[0])


def _unload(connection: Connection, fact: Fact, rows: sql.Composable, scratch: Path, *, months: bool = True) -> Piece:
    piece = Piece(fact, scratch / f"{new_id().hex}.csv", months)
    query = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, NULL {})").format(rows, sql.Literal(_NULL))
    with (
        connection.cursor() as cursor,
        piece.path.open("wb", buffering=_BUFFER) as file,
        cursor.copy(query) as stream,
    ):
        file.writelines(stream)
    return piece


def csv(piece: Piece) -> str:
    """SQL of the rows in transit, with their month as `_month`; of single rows also their `row_id`."""
    columns = ", ".join(f"{quoted(item.name)}: {quoted(item.type)}" for item in piece.fact.columns)
    first = "" if piece.months else "'row_id': 'VARCHAR', "
    return (
        f"read_csv({quoted(piece.path)}, auto_detect=false, header=false, delim=',', quote='\"', escape='\"', "
        f"new_line='\\n', nullstr={quoted(_NULL)}, allow_quoted_nulls=false, max_line_size=16777216, "
        f"columns={{{first}{columns}, '_month': 'DATE'}})"
    )


def write(duck: duckdb.DuckDBPyConnection, piece: Piece) -> Iterator[StoredFile]:
    """Write a file for each of the months that have rows in a piece."""
    fact = piece.fact
    duck.execute(f"CREATE OR REPLACE TABLE transit AS SELECT * FROM {csv(piece)}")
    months = duck.execute("SELECT DISTINCT _month FROM transit ORDER BY _month").fetchall()
    for (month,) in months:
        yield write_file(
            duck,
            fact,
            month,
            f"SELECT {listed(fact, 't')} FROM transit AS t WHERE _month IS NOT DISTINCT FROM {day(month)}",
        )
    duck.execute("DROP TABLE transit")


def write_file(duck: duckdb.DuckDBPyConnection, fact: Fact, month: date | None, rows: str) -> StoredFile:
    """Write a query's rows into a new file, in the order of the key."""
    return _written(duck, files.new_path(fact.name, month), month, f"{rows} ORDER BY {fact.key}")


def write_delta(duck: duckdb.DuckDBPyConnection, fact: Fact, rows: str) -> StoredFile:
    """Write a query's rows into a new delta, in the order of the key."""
    return _written(duck, files.new_delta(fact.name), None, f"{rows} ORDER BY {fact.key}", is_delta=True)


def _written(
    duck: duckdb.DuckDBPyConnection, path: str, month: date | None, query: str, *, is_delta: bool = False
) -> StoredFile:
    target = files.root() / path
    target.parent.mkdir(parents=True, exist_ok=True)
    answer = duck.execute(f"COPY ({query}) TO {quoted(target)} ({PARQUET})").fetchone()
    return StoredFile(month, path, int(answer[0]) if answer else 0, target.stat().st_size, is_delta)


def listed(fact: Fact, table: str) -> str:
    """The columns of a table, each with its name: some would be keywords without it."""
    return ", ".join(f"{table}.{item.name}" for item in fact.columns)


def day(month: date | None) -> str:
    """A month as a literal."""
    return f"DATE '{month.isoformat()}'" if month else "NULL"


def numbered(months: Collection[date | None], had: Mapping[date | None, int]) -> dict[date, int]:
    """About how many rows the months have: as many as they had, or half a stretch where that is not known."""
    return {month: had.get(month, ROWS_OF_A_STRETCH // 2) for month in months if month}
