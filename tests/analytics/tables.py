"""Facts as tables of a bare DuckDB, from rows given in the test, and definitions computed over them by name."""

# ruff: noqa: S608 - the SQL is made of names from declarations and of our own files

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import duckdb

import analytics
from analytics.crm_facts import CRM_FACTS

DEFINITIONS = Path(analytics.__file__).parent / "definitions"
AS_OF = datetime(2026, 3, 1, 12, tzinfo=UTC)
Rows = Sequence[Mapping[str, Any]]


@contextmanager
def facts_of(**given: Rows) -> Iterator[duckdb.DuckDBPyConnection]:
    """Every fact of the customer record, with these rows of some; columns that a row leaves out are null."""
    with duckdb.connect() as duck:
        duck.execute("SET threads = 1")
        for fact in CRM_FACTS:
            columns = ", ".join(f'"{item.name}" {item.type}' for item in fact.columns)
            duck.execute(f"CREATE TABLE {fact.name} ({columns})")
        for name, rows in given.items():
            insert(duck, name, rows)
        yield duck


def insert(duck: duckdb.DuckDBPyConnection, table: str, rows: Rows) -> None:
    """Add rows of equal columns."""
    if not rows:
        return
    names = tuple(rows[0])
    listed = ", ".join(f'"{name}"' for name in names)
    # By a file: statements with values take a millisecond a row.
    with NamedTemporaryFile("w", suffix=".csv", newline="") as file:
        csv.writer(file).writerows([_plain(row[name]) for name in names] for row in rows)
        file.flush()
        texts = "columns = {" + ", ".join(f"'{name}': 'VARCHAR'" for name in names) + "}"
        source = f"read_csv('{file.name}', header = false, nullstr = '', {texts})"
        duck.execute(f"INSERT INTO {table} ({listed}) SELECT * FROM {source}")


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value


def compute(duck: duckdb.DuckDBPyConnection, *names: str, as_of: datetime = AS_OF) -> list[dict[str, Any]]:
    """Compute definitions one after the other, each into a table of its name; the rows of the last."""
    values = {"as_of": as_of.strftime("%Y-%m-%d %H:%M:%S.%f"), "base_currency": "USD", "first_order_threshold": None}
    for name in names:
        sql = (DEFINITIONS / f"{name}.sql").read_text(encoding="utf-8")
        bound = {key: value for key, value in values.items() if f"${key}" in sql}
        duck.execute(f"CREATE OR REPLACE TABLE {name} AS {sql}", bound)
    return rows_of(duck, f"SELECT * FROM {names[-1]}")


def rows_of(duck: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    cursor = duck.execute(query)
    names = [item[0] for item in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def by(rows: Iterable[dict[str, Any]], key: str = "contact_id") -> dict[Any, dict[str, Any]]:
    return {row[key]: row for row in rows}


def order(number: int, contact: str | None, placed_at: datetime, total: Any = 10, **more: Any) -> dict[str, Any]:
    """A completed order in the base currency, at list price unless said otherwise."""
    base = {
        "id": f"o{number:05}", "contact_id": contact, "placed_at": placed_at, "status": "completed", "currency": "USD",
        "channel": "web", "is_gift": False, "subtotal": total, "discount_total": 0, "reimbursed_total": 0,
        "total": total, "returned_total": 0,
    }  # fmt: skip
    return base | more


def line(number: int, order_id: str, product: str | None, placed_at: datetime, **more: Any) -> dict[str, Any]:
    """One piece of a product at 10, which came to stay."""
    base = {
        "id": f"l{number:05}", "order_id": order_id, "product_id": product, "placed_at": placed_at, "quantity": 1,
        "unit_price": 10, "unit_cost": 6, "is_gift": False, "subtotal": 10, "discount_total": 0, "reimbursed_total": 0,
        "total": 10, "returned_quantity": 0,
    }  # fmt: skip
    return base | more


@dataclass(frozen=True)
class Bench:
    """What a model sees of a session, over a bare DuckDB; what it puts becomes a table."""

    duck: duckdb.DuckDBPyConnection

    def progress(self, message: str) -> None:
        """Nobody looks."""

    def columns(self, query: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return self.duck.execute(query, dict(parameters or {})).fetchnumpy()

    def rows(self, table: str) -> list[dict[str, Any]]:
        return rows_of(self.duck, f"SELECT * FROM {table}")

    def put(self, model: str, columns: Mapping[str, Any], types: Mapping[str, str] | None = None) -> None:
        kinds = types or {}
        self.duck.register("put_columns", dict(columns))
        listed = ", ".join(f"CAST({name} AS {kinds[name]}) AS {name}" if name in kinds else name for name in columns)
        self.duck.execute(f"CREATE OR REPLACE TABLE {model} AS SELECT {listed} FROM put_columns")
        self.duck.unregister("put_columns")

    def put_query(self, model: str, query: str, parameters: Mapping[str, Any] | None = None) -> None:
        self.duck.execute(f"CREATE OR REPLACE TABLE {model} AS {query}", dict(parameters or {}))
