"""Making the store: from facts and profiles in the engine to columns of numbers in files. In workers only."""

# ruff: noqa: S608 - the SQL is made of names from declarations and of our own files, never of input

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from analytics.slicing import catalogue
from analytics.slicing.catalogue import ABSENT
from analytics.slicing.store import FORMAT, META
from analytics.slicing.sums import present, sums

_TABLES = Path(__file__).with_name("tables.sql")
# A text with more values than this is no dimension: nobody reads so many cells.
MAX_VALUES = 100_000
_PLACED = "epoch_us(placed_at)"
_ORDER_SUMS = ("revenue", "returned", "discount", "list_price")


@dataclass(frozen=True)
class ProfileColumn:
    """A column of the profiles: a dimension, or a number, scaled by so many powers of ten to be whole."""

    name: str
    is_dimension: bool = False
    places: int | None = None


@dataclass
class Build:
    """One store in the making."""

    duck: duckdb.DuckDBPyConnection
    folder: Path
    columns: dict[str, str] = field(default_factory=dict)
    dictionaries: dict[str, list[str]] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)

    def save(self, name: str, values: NDArray[Any]) -> None:
        """A column, in the narrowest type that holds it."""
        narrow = _narrowed(values)
        np.save(self.folder / f"{name}.npy", narrow)
        self.columns[name] = str(narrow.dtype)

    def read(self, query: str) -> NDArray[Any]:
        """The one column of a query."""
        found = self.duck.execute(query).fetchnumpy()
        (values,) = found.values()
        if values.dtype.kind not in "iu":
            raise TypeError(f"not whole numbers: {query}")
        return np.ma.filled(values, ABSENT) if np.ma.isMaskedArray(values) else np.asarray(values)

    def code(self, name: str, table: str, key: str, expression: str, label: str = "") -> bool:
        """A coded column of a table whose rows `key` numbers, with its dictionary; False where it has too many values.

        label: the expression that names a value for people.
        """
        self.duck.execute(
            f"CREATE OR REPLACE TABLE words AS SELECT value, row_number() OVER (ORDER BY value) AS code, label FROM "
            f"(SELECT CAST({expression} AS VARCHAR) AS value, min({label or 'NULL'}) AS label FROM {table} "
            f"WHERE {expression} IS NOT NULL GROUP BY 1)"
        )
        rows = self.duck.execute("SELECT value, label FROM words ORDER BY code").fetchall()
        if len(rows) > MAX_VALUES:
            return False
        codes = self.read(
            f"SELECT CAST(coalesce(w.code, 0) AS INTEGER) FROM {table} AS t "
            f"LEFT JOIN words AS w ON w.value = CAST({expression} AS VARCHAR) ORDER BY t.{key}"
        )
        self.save(name, codes)
        self.dictionaries[name] = [row[0] for row in rows]
        if label:
            self.labels[name] = {row[0]: row[1] for row in rows if row[1] is not None}
        return True


def build(
    duck: duckdb.DuckDBPyConnection,
    folder: Path,
    *,
    base_currency: str,
    custom: Iterable[str],
    profile: Iterable[ProfileColumn],
    at: datetime,
    lake_synced_at: datetime | None,
) -> None:
    """Write the store into an empty folder. The engine has the facts, and contacts' metrics as `profiles`.

    custom: keys of contacts' custom fields that are dimensions.
    """
    text = _TABLES.read_text(encoding="utf-8").replace("$base_currency", "'" + base_currency.replace("'", "''") + "'")
    duck.execute(text)
    made = Build(duck, folder)
    _customers(made, custom)
    _profiles(made, list(profile))
    orders = _orders(made)
    _lines(made)
    _touches(made)
    customers = len(made.read("SELECT n FROM customers ORDER BY n"))
    _totals(made, orders, customers)
    meta: Mapping[str, Any] = {
        "format": FORMAT,
        "customers": customers,
        "orders": len(orders["customer"]),
        "base_currency": base_currency,
        "built_at": at.isoformat(),
        "lake_synced_at": lake_synced_at and lake_synced_at.isoformat(),
        "columns": made.columns,
        "dictionaries": made.dictionaries,
        "labels": made.labels,
    }
    (folder / META).write_text(json.dumps(meta), encoding="utf-8")


def _customers(made: Build, custom: Iterable[str]) -> None:
    ids = made.duck.execute("SELECT id FROM customers ORDER BY n").fetchall()
    packed = b"".join(bytes.fromhex(row[0].replace("-", "")) for row in ids)
    made.save("ids", np.frombuffer(packed, dtype="S16"))
    for name in catalogue.CONTACT_COLUMNS:
        made.code(name, "customers", "n", name)
    made.code("acquisition_source", "customers", "n", "came_from")
    made.code("industry", "customers", "n", "industry")
    for key in custom:
        # A list or an object is no value; a text that is empty is one.
        value = f"CASE WHEN json_type(custom, '$.{key}') NOT IN ('ARRAY', 'OBJECT', 'NULL') THEN json_extract_string(custom, '$.{key}') END"  # noqa: E501
        made.code(f"{catalogue.CUSTOM}{key}", "customers", "n", value)


def _profiles(made: Build, profile: list[ProfileColumn]) -> None:
    made.duck.execute(
        "CREATE OR REPLACE TABLE profiled AS SELECT c.n, p.* FROM customers AS c "
        "LEFT JOIN profiles AS p ON p.contact_id = c.id"
    )
    for column in profile:
        if column.is_dimension:
            made.code(f"metrics.{column.name}", "profiled", "n", column.name)
        if column.places is not None:
            scaled = f"CAST({column.name} * {10**column.places} AS BIGINT)"
            made.save(f"number.{column.name}", made.read(f"SELECT {scaled} FROM profiled ORDER BY n"))


def _orders(made: Build) -> dict[str, NDArray[Any]]:
    made.save("order.placed", made.read(f"SELECT {_PLACED} FROM bought ORDER BY m"))
    columns = {
        "customer": "customer", "is_money": "CAST(is_money AS TINYINT)", **{name: name for name in _ORDER_SUMS},
    }  # fmt: skip
    found = {name: made.read(f"SELECT {sql} FROM bought ORDER BY m") for name, sql in columns.items()}
    for name in ("margin", "units"):
        # Every order has at least one piece. Of the margin as much is known as of the lines.
        found[name] = made.read(f"SELECT CAST(sum({name}) AS BIGINT) FROM sold GROUP BY m ORDER BY m")
    for name, values in found.items():
        made.save(f"order.{name}", values)
    for name in catalogue.ORDER_DIMENSIONS:
        made.code(name, "bought", "m", name)
    return found


def _lines(made: Build) -> None:
    made.duck.execute(
        "CREATE TABLE pieces AS SELECT row_number() OVER (ORDER BY s.m, s.id NULLS LAST) - 1 AS l, s.*, b.customer "
        "FROM sold AS s JOIN bought AS b ON b.m = s.m"
    )
    made.save("line.order", made.read("SELECT m FROM pieces ORDER BY l"))
    for name in ("customer", *_ORDER_SUMS, "margin", "units"):
        made.save(f"line.{name}", made.read(f"SELECT CAST({name} AS BIGINT) FROM pieces ORDER BY l"))
    made.duck.execute(
        "CREATE OR REPLACE TABLE goods AS SELECT i.l, p.* FROM pieces AS i LEFT JOIN products_sold AS p "
        "ON p.id = i.product_id"
    )
    made.code("product", "goods", "l", "id", "name")
    made.code("product_line", "goods", "l", "line_id", "line_name")
    made.code("category", "goods", "l", "category")
    made.code("brand", "goods", "l", "brand")


def _touches(made: Build) -> None:
    for name, sql in {"placed": _PLACED, "customer": "customer", "cost": "cost"}.items():
        made.save(f"touch.{name}", made.read(f"SELECT {sql} FROM touched ORDER BY placed_at, customer, cost"))


def _totals(made: Build, orders: Mapping[str, NDArray[Any]], customers: int) -> None:
    """Each customer's first order: its number, and what it brought (absent in another currency); and sums of all."""
    who = orders["customer"]
    first = np.full(customers, ABSENT, dtype=np.int64)
    # Written from the last to the first, so that the first stays.
    first[who[::-1]] = np.arange(len(who) - 1, -1, -1)
    value = np.full(customers, ABSENT, dtype=np.int64)
    known = np.flatnonzero(first != ABSENT)
    of = first[known]
    value[known] = np.where(orders["is_money"][of] == 1, orders["revenue"][of], ABSENT)
    made.save("first_order", first)
    made.save("first_value", value)
    for name in ("is_money", *_ORDER_SUMS, "margin", "units"):
        made.save(f"total.{name}", sums(who, present(orders[name]), customers))
    made.save("total.orders", np.bincount(who, minlength=customers))


def _narrowed(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.kind not in "iu" or not len(values):
        return values
    low, high = int(values.min()), int(values.max())
    for kind in (np.uint8, np.int16, np.int32):
        limits = np.iinfo(kind)
        if limits.min <= low and high <= limits.max:
            return values.astype(kind)
    return values.astype(np.int64)
