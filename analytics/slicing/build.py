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

    def code(self, name: str, table: str, expression: str, label: str = "") -> NDArray[Any] | None:
        """A coded column of a table, in its order, with its dictionary; None where it has too many values.

        label: the expression that names a value for people.
        """
        text = f"CAST({expression} AS VARCHAR)"
        rows = self.duck.execute(
            f"SELECT {text} AS value, min({label or 'NULL'}) FROM {table} WHERE {expression} IS NOT NULL "
            f"GROUP BY 1 ORDER BY 1 LIMIT {MAX_VALUES + 1}"
        ).fetchall()
        if len(rows) > MAX_VALUES:
            return None
        words = [row[0] for row in rows]
        codes = self.codes(table, text, words)
        self.save(name, codes)
        self.dictionaries[name] = words
        if label:
            self.labels[name] = {row[0]: row[1] for row in rows if row[1] is not None}
        return codes

    def codes(self, table: str, text: str, words: list[str]) -> NDArray[Any]:
        """The place of each row's text in a list of words, from 1; 0 for none of them."""
        if not words:
            return np.zeros(len(self.read(f"SELECT 0 FROM {table}")), dtype=np.uint8)
        self.duck.execute("DROP TYPE IF EXISTS word")
        self.duck.register("listed_words", {"value": np.array(words, dtype=object)})
        self.duck.execute("CREATE TYPE word AS ENUM (SELECT value FROM listed_words)")
        self.duck.unregister("listed_words")
        return self.read(f"SELECT CAST(coalesce(enum_code(TRY_CAST({text} AS word)) + 1, 0) AS INTEGER) FROM {table}")


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
    _lines(made, orders)
    _touches(made)
    customers = len(made.read("SELECT n FROM customers"))
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
    ids = made.duck.execute("SELECT id FROM customers").fetchall()
    packed = b"".join(bytes.fromhex(row[0].replace("-", "")) for row in ids)
    made.save("ids", np.frombuffer(packed, dtype="S16"))
    for name in catalogue.CONTACT_COLUMNS:
        made.code(name, "customers", name)
    made.code("acquisition_source", "customers", "came_from")
    made.code("industry", "customers", "industry")
    for key in custom:
        # A list or an object is no value; a text that is empty is one.
        kind, value = f"json_type(custom, '$.{key}')", f"json_extract_string(custom, '$.{key}')"
        plain = f"CASE WHEN {kind} NOT IN ('ARRAY', 'OBJECT', 'NULL') THEN {value} END"
        made.code(f"{catalogue.CUSTOM}{key}", "customers", plain)


def _profiles(made: Build, profile: list[ProfileColumn]) -> None:
    made.duck.execute(
        "CREATE TABLE profiled AS SELECT p.* FROM customers AS c LEFT JOIN profiles AS p ON p.contact_id = c.id "
        "ORDER BY c.n"
    )
    for column in profile:
        if column.is_dimension:
            made.code(f"metrics.{column.name}", "profiled", column.name)
        if column.places is not None:
            scaled = f"CAST({column.name} * {10**column.places} AS BIGINT)"
            made.save(f"number.{column.name}", made.read(f"SELECT {scaled} FROM profiled"))


def _orders(made: Build) -> dict[str, NDArray[Any]]:
    made.save("order.placed", made.read(f"SELECT {_PLACED} FROM bought"))
    columns = {
        "customer": "customer", "is_money": "CAST(is_money AS TINYINT)", **{name: name for name in _ORDER_SUMS},
    }  # fmt: skip
    found = {name: made.read(f"SELECT {sql} FROM bought") for name, sql in columns.items()}
    for name, values in found.items():
        made.save(f"order.{name}", values)
    for name in catalogue.ORDER_DIMENSIONS:
        made.code(name, "bought", name)
    return found


def _lines(made: Build, orders: dict[str, NDArray[Any]]) -> None:
    """Lines, and for what an order's lines do not account for (a discount of the whole order, an order without lines) a
    line without a product, so that lines add up to their orders exactly. Adds the orders' margin and units to `orders`.
    """
    count = len(orders["customer"])
    of = made.read("SELECT m FROM lines_sold")
    lines = np.bincount(of, minlength=count)
    margin = made.read("SELECT CAST(revenue - cost AS BIGINT) FROM lines_sold")
    costed = np.bincount(of[margin != ABSENT], minlength=count)
    rest = {
        name: orders[name] - sums(of, made.read(f"SELECT {name} FROM lines_sold"), count) for name in _ORDER_SUMS
    }  # fmt: skip
    bare = lines == 0
    more = np.flatnonzero(np.logical_or.reduce([bare, *(values != 0 for values in rest.values())]))
    # A discount of the whole order costs nothing; it counts where the cost of all that it is on is known.
    added = np.where((costed == lines) & ~bare, rest["revenue"], ABSENT)[more]
    place = np.argsort(np.concatenate([of, more]), kind="stable")
    orders["units"] = sums(of, made.read("SELECT units FROM lines_sold"), count)
    known = sums(of, present(margin), count) + np.bincount(more, present(added), count).astype(np.int64)
    orders["margin"] = np.where(costed > 0, known, ABSENT)
    for name in ("units", "margin"):
        made.save(f"order.{name}", orders[name])

    def put(name: str, values: NDArray[Any], beyond: NDArray[Any]) -> None:
        made.save(name, np.concatenate([values, beyond])[place])

    nothing = np.zeros(len(more), dtype=np.int64)
    put("line.order", of, more)
    put("line.customer", orders["customer"][of], orders["customer"][more])
    put("line.margin", margin, added)
    put("line.units", made.read("SELECT units FROM lines_sold"), nothing)
    for name in _ORDER_SUMS:
        put(f"line.{name}", made.read(f"SELECT {name} FROM lines_sold"), rest[name][more])
    _goods(made, place, nothing)


def _goods(made: Build, place: NDArray[Any], nothing: NDArray[Any]) -> None:
    """The dimensions of lines, by way of their product."""
    ids = [row[0] for row in made.duck.execute("SELECT id FROM products_sold").fetchall()]
    product = np.concatenate([made.codes("lines_sold", "product_id", ids), nothing])[place]
    for name, (value, label) in {
        "product": ("id", "name"), "product_line": ("line_id", "line_name"), "category": ("category", ""),
        "brand": ("brand", ""),
    }.items():  # fmt: skip
        codes = made.code(name, "products_sold", value, label)
        if codes is not None:
            made.save(name, np.concatenate([[0], codes])[product])


def _touches(made: Build) -> None:
    for name, sql in {"placed": _PLACED, "customer": "customer", "cost": "cost"}.items():
        made.save(f"touch.{name}", made.read(f"SELECT {sql} FROM touched"))


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
