"""A reading of the lake in which steps are computed: facts and tables by name, results kept as Parquet files."""

# ruff: noqa: S608 - the SQL is made of names from declarations and of our own files, never of input

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb

from analytics import steps
from analytics.engine.duck import connected, quoted, write_parquet
from analytics.engine.results import Results
from analytics.lake import files, reading
from analytics.lake.database import Lock, held, own_connection
from analytics.lake.reading import FactSource
from analytics.steps import Definition, Step
from analytics.steps.definitions import GRID, rfm_grid
from core.database.aside import Connection

if TYPE_CHECKING:
    import numpy as np

Parameters = Mapping[str, Any]


class Engine(Protocol):
    """What runs definitions: DuckDB here, or Spark elsewhere."""

    def compute(self, definition: Definition, bound: Parameters, target: Path) -> None:
        """Write the definition's rows to a Parquet file: in the order of its key, or a report's in its own."""

    def show(self, name: str, path: Path) -> None:
        """Make a table that was computed readable by its name."""


@dataclass(frozen=True)
class DuckEngine:
    """In this process."""

    duck: duckdb.DuckDBPyConnection

    def compute(self, definition: Definition, bound: Parameters, target: Path) -> None:
        write_parquet(self.duck, ordered(definition.sql, () if definition.is_report else definition.key), target, bound)

    def show(self, name: str, path: Path) -> None:
        self.duck.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet({quoted(path)})")


@dataclass(frozen=True)
class Lake:
    """What was read: `fingerprint` changes with its files; it is equal to the database as of `synced_at`."""

    duck: duckdb.DuckDBPyConnection
    scratch: Path
    fingerprint: str
    synced_at: datetime | None
    sources: Mapping[str, FactSource] = field(default_factory=dict)

    def show(self) -> None:
        """Make the facts readable by their names."""
        for name, source in self.sources.items():
            self.duck.execute(f"CREATE VIEW {name} AS {source.query(_files)}")
        self.duck.execute(f"CREATE TABLE {GRID} (recency INT, frequency INT, segment VARCHAR)")
        self.duck.executemany(f"INSERT INTO {GRID} VALUES (?, ?, ?)", [list(row) for row in rfm_grid()])


@dataclass(frozen=True)
class Session:
    """One computation. `duck` sees the facts, and every table computed so far, under their names."""

    lake: Lake
    engine: Engine
    results: Results
    progress: Callable[[str], None] = lambda message: None

    @property
    def duck(self) -> duckdb.DuckDBPyConnection:
        return self.lake.duck

    def run(self, step: Step, parameters: Parameters) -> int:
        """Compute a step, unless these results hold it already; return its number of rows."""
        version = steps.version(step.name)
        if not self.results.has(step.name, version):
            if isinstance(step, Definition):
                bound = {name: parameters[name] for name in sorted(step.parameters)}
                target = self._target(step.name)
                self.engine.compute(step, bound, target)
                self.results.keep(step.name, version, target)
            else:
                step.function(self, parameters)
                if not self.results.has(step.name, version):
                    raise RuntimeError(f"the model {step.name!r} put no table")
        self.show(step.name)
        counted = self.duck.execute(f"SELECT count(*) FROM {step.name}").fetchone()
        return int(counted[0]) if counted else 0

    def show(self, name: str) -> None:
        """Make a table of these results readable by its name."""
        path = self.results.path(name)
        DuckEngine(self.duck).show(name, path)
        self.engine.show(name, path)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """A small table, whole."""
        cursor = self.duck.execute(f"SELECT * FROM {table}")
        names = [item[0] for item in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def columns(self, query: str, parameters: Parameters | None = None) -> dict[str, np.ndarray[Any, Any]]:
        """The answer of a query as NumPy arrays by column. Cast decimals in the query; nulls come as masked arrays."""
        found: dict[str, np.ndarray[Any, Any]] = self.duck.execute(query, dict(parameters or {})).fetchnumpy()
        return found

    def put(
        self, model: str, columns: Mapping[str, np.ndarray[Any, Any]], types: Mapping[str, str] | None = None
    ) -> None:
        """Keep arrays as a model's table; NaN and None become null.

        types: DuckDB types that columns are cast to, e.g. DECIMAL(18, 2) for money.
        """
        kinds = types or {}
        self.duck.register("put_columns", dict(columns))
        try:
            listed = ", ".join(
                f"CAST({name} AS {kinds[name]}) AS {name}" if name in kinds else name for name in columns
            )
            self.put_query(model, f"SELECT {listed} FROM put_columns")
        finally:
            self.duck.unregister("put_columns")

    def put_query(self, model: str, query: str, parameters: Parameters | None = None) -> None:
        """Keep the answer of a local query as a model's table, in the order of its key."""
        target = self._target(model)
        write_parquet(self.duck, ordered(query, steps.get(model).key), target, parameters)
        self.results.keep(model, steps.version(model), target)

    def _target(self, step: str) -> Path:
        return self.results.folder / f"{step}.new"


def _files(paths: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(quoted(path) for path in paths)}])"


def ordered(query: str, key: tuple[str, ...]) -> str:
    """The query in the order of a key, or in its own."""
    return f"SELECT * FROM (\n{query}\n) AS step_rows ORDER BY {', '.join(key)}" if key else query


@contextmanager
def opened() -> Iterator[Lake]:
    """The lake as of its last sync. Its files are kept while this lasts."""
    files.root().mkdir(parents=True, exist_ok=True)
    with (
        own_connection() as connection,
        held(connection, Lock.FILES, shared=True),
        files.scratch() as scratch,
        connected(scratch) as duck,
    ):
        lake = Lake(duck, scratch, reading.fingerprint(connection), _synced_at(connection), reading.sources(connection))
        lake.show()
        yield lake


def _synced_at(connection: Connection) -> datetime | None:
    row = connection.execute("SELECT min(synced_at) FROM analytics_lake_fact").fetchone()
    return row[0] if row else None
