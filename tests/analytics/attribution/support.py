"""Facts given in the test, definitions and models run over them in DuckDB, without a database beside it."""

# ruff: noqa: S608 - the SQL is made of names from declarations

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import duckdb

from analytics.crm_facts import CRM_FACTS
from analytics.steps.definitions import FOLDER

AS_OF = datetime(2026, 3, 1, 12, tzinfo=UTC)
PARAMETERS = {
    "as_of": "2026-03-01 12:00:00",
    "base_currency": "USD",
    "attribution_days": 90,
    "first_order_threshold": None,
}


class Bench:
    """What a step asks of a session."""

    def __init__(self, duck: duckdb.DuckDBPyConnection) -> None:
        self.duck = duck

    def add(self, fact: str, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in rows:
            names, marks = ", ".join(row), ", ".join("?" for _ in row)
            self.duck.execute(f"INSERT INTO {fact} ({names}) VALUES ({marks})", list(row.values()))

    def columns(self, query: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
        found: dict[str, Any] = self.duck.execute(query, dict(parameters or {})).fetchnumpy()
        return found

    def put(self, model: str, columns: Mapping[str, Any], types: Mapping[str, str] | None = None) -> None:
        kinds = types or {}
        self.duck.register("put_columns", dict(columns))
        listed = ", ".join(f"CAST({name} AS {kinds[name]}) AS {name}" if name in kinds else name for name in columns)
        self.duck.execute(f"CREATE OR REPLACE TABLE {model} AS SELECT {listed} FROM put_columns")
        self.duck.unregister("put_columns")

    def put_query(self, model: str, query: str, parameters: Mapping[str, Any] | None = None) -> None:
        self.duck.execute(f"CREATE OR REPLACE TABLE {model} AS {query}", dict(parameters or {}))

    def define(self, *names: str, **changed: Any) -> None:
        for name in names:
            sql = (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
            bound = {key: value for key, value in (PARAMETERS | changed).items() if f"${key}" in sql}
            self.duck.execute(f"CREATE OR REPLACE TABLE {name} AS {sql}", bound)

    def model(self, run: Callable[..., None], **changed: Any) -> None:
        run(self, PARAMETERS | changed)

    def rows(self, table: str) -> list[dict[str, Any]]:
        cursor = self.duck.execute(f"SELECT * FROM {table}")
        names = [item[0] for item in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@contextmanager
def bench() -> Iterator[Bench]:
    """With every fact of the record, empty."""
    with duckdb.connect() as duck:
        for fact in CRM_FACTS:
            listed = ", ".join(f'"{column.name}" {column.type}' for column in fact.columns)
            duck.execute(f"CREATE TABLE {fact.name} ({listed})")
        yield Bench(duck)
