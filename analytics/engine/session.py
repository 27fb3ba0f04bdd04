"""Running definitions over the lake: the manifest's files as views, parameters bound, results as tables."""

# ruff: noqa: S608 - the SQL is made of names from declarations and of our own files, never of input

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from django.conf import settings

from analytics import definitions, facts
from analytics.definitions import Definition
from analytics.engine.duck import connected, quoted
from analytics.facts import Fact
from analytics.lake import files
from analytics.lake.database import Lock, held, own_connection
from core.database.aside import Connection


@dataclass(frozen=True)
class Session:
    """One reading of the lake. `synced_at` is the moment as of which it is equal to the database."""

    duck: duckdb.DuckDBPyConnection
    scratch: Path
    synced_at: datetime | None

    def run(self, definition: Definition, parameters: Mapping[str, Any]) -> int:
        """Compute a definition into a table of its name; return its number of rows."""
        bound = {name: parameters[name] for name in sorted(definition.parameters)}
        self.duck.execute(f"CREATE OR REPLACE TABLE {definition.name} AS {definition.sql}", bound)
        counted = self.duck.execute(f"SELECT count(*) FROM {definition.name}").fetchone()
        return int(counted[0]) if counted else 0

    def rows(self, table: str) -> list[dict[str, Any]]:
        """A small result, whole."""
        cursor = self.duck.execute(f"SELECT * FROM {table}")
        names = [item[0] for item in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def unload(self, table: str, columns: tuple[str, ...], key: str) -> Path:
        """Write a result to a CSV file in the order of its key; null is empty and unquoted."""
        target = self.scratch / f"{table}.csv"
        self.duck.execute(
            f"COPY (SELECT {', '.join(columns)} FROM {table} ORDER BY {key}) TO {quoted(target)} "
            "(FORMAT csv, HEADER false, NULLSTR '')"
        )
        return target


@contextmanager
def opened() -> Iterator[Session]:
    """The lake as of its last sync. Its files are kept while the session lasts."""
    files.root().mkdir(parents=True, exist_ok=True)
    with (
        own_connection() as connection,
        held(connection, Lock.FILES, shared=True),
        files.scratch() as scratch,
        connected(scratch) as duck,
    ):
        paths = _manifest(connection)
        for fact in facts.facts():
            _show(duck, fact, paths.get(fact.name, []))
        _add_grid(duck)
        yield Session(duck, scratch, _synced_at(connection))


def parameters_of(*, as_of: datetime, first_order_threshold: Any = None) -> dict[str, Any]:
    """What definitions can ask for."""
    return {
        "as_of": as_of.strftime("%Y-%m-%d %H:%M:%S.%f"),
        "base_currency": settings.BASE_CURRENCY,
        "first_order_threshold": first_order_threshold,
    }


def _manifest(connection: Connection) -> dict[str, list[Path]]:
    paths: dict[str, list[Path]] = {}
    for name, path in connection.execute("SELECT fact, path FROM analytics_lake_file ORDER BY fact, month"):
        paths.setdefault(name, []).append(files.root() / path)
    return paths


def _synced_at(connection: Connection) -> datetime | None:
    row = connection.execute("SELECT min(synced_at) FROM analytics_lake_fact").fetchone()
    return row[0] if row else None


def _show(duck: duckdb.DuckDBPyConnection, fact: Fact, paths: list[Path]) -> None:
    """A view of a fact's files; with no files an empty one of the same columns."""
    if paths:
        source = f"SELECT * FROM read_parquet([{', '.join(quoted(path) for path in paths)}])"
    else:
        nothing = ", ".join(f"CAST(NULL AS {item.type}) AS {item.name}" for item in fact.columns)
        source = f"SELECT {nothing} WHERE false"
    duck.execute(f"CREATE VIEW {fact.name} AS {source}")


def _add_grid(duck: duckdb.DuckDBPyConnection) -> None:
    duck.execute(f"CREATE TABLE {definitions.GRID} (recency INT, frequency INT, segment VARCHAR)")
    duck.executemany(f"INSERT INTO {definitions.GRID} VALUES (?, ?, ?)", [list(row) for row in definitions.rfm_grid()])
