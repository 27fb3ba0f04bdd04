"""Rows of every declared fact, made up but always the same, as the lake's files."""

# ruff: noqa: S608 - the SQL is made of names from declarations

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb

from analytics import facts
from analytics.engine.duck import write_parquet
from analytics.facts import Column, Fact
from analytics.lake.reading import FactSource

AS_OF = datetime(2026, 1, 15, 12, tzinfo=UTC)
SIZES = {"contacts": 120, "orders": 900, "order_lines": 1800, "products": 25, "product_lines": 5, "companies": 15}
OTHERS = 200
# Which fact an id names, where its column does not say so by its own name.
NAMED = {
    "referrer_id": "contacts", "referred_id": "contacts", "gift_recipient_id": "contacts", "line_id": "order_lines",
    "parent_id": "companies", "company_id": "companies",
}  # fmt: skip
WORDS: dict[str, tuple[str, ...]] = {
    "status": ("completed", "completed", "confirmed", "cancelled", "open", "won", "lost", "granted"),
    "currency": ("USD", "USD", "USD", "USD", "EUR"),
    "lifecycle_stage": ("lead", "customer", "evangelist"),
    "from_stage": ("lead", "customer", "evangelist"),
    "to_stage": ("lead", "customer", "evangelist"),
    "channel": ("web", "store", "phone", "email", "field"),
    "kind": ("call", "visit", "coupon", "retail", "complaint"),
    "campaign_code": ("spring", "summer", "autumn"),
    "source": ("banner", "newsletter", "search"),
}


def written(folder: Path, duck: duckdb.DuckDBPyConnection, seed: int) -> dict[str, FactSource]:
    """Every fact as a file of its own."""
    return {fact.name: _source(fact, folder, duck, random.Random(f"{seed} {fact.name}")) for fact in facts.facts()}


def _source(fact: Fact, folder: Path, duck: duckdb.DuckDBPyConnection, dice: random.Random) -> FactSource:
    size = SIZES.get(fact.name, OTHERS)
    columns = ", ".join(f'"{item.name}" {item.type}' for item in fact.columns)
    duck.execute(f"CREATE OR REPLACE TABLE made ({columns})")
    rows = [[_value(fact, item, place, dice) for item in fact.columns] for place in range(size)]
    duck.executemany(f"INSERT INTO made VALUES ({', '.join('?' for _ in fact.columns)})", rows)
    path = folder / f"{fact.name}.parquet"
    write_parquet(duck, f"SELECT * FROM made ORDER BY {fact.key}", path)
    return FactSource(fact.name, fact.key, fact.columns, [path], [], None, size, 0)


def _value(fact: Fact, item: Column, place: int, dice: random.Random) -> Any:
    if item.name == fact.key:
        return _id(fact.name, place)
    if item.name.endswith("_id"):
        return _reference(fact, item.name, dice)
    if item.name in WORDS:
        return dice.choice(WORDS[item.name])
    if item.name not in ("placed_at", "occurred_at", "at", "quantity", "total") and dice.random() < 0.1:
        return None
    return _plain(item, dice)


def _plain(item: Column, dice: random.Random) -> Any:
    if item.type in ("TIMESTAMP", "DATE"):
        moment = (AS_OF - timedelta(minutes=dice.randrange(-60 * 24 * 30, 60 * 24 * 730))).replace(tzinfo=None)
        return moment if item.type == "TIMESTAMP" else moment.date()
    if item.type.startswith("DECIMAL"):
        places = int(item.type.rstrip(")").split(",")[1])
        return Decimal(dice.randrange(1, 200 * 10**places)).scaleb(-places)
    if item.type == "BOOLEAN":
        return dice.random() < 0.3
    if item.type in ("INTEGER", "BIGINT"):
        return dice.randrange(1, 6)
    return {"tags": '["vip"]', "custom": '{"size": 3}'}.get(item.name, f"{item.name} {dice.randrange(4)}")


def _reference(fact: Fact, name: str, dice: random.Random) -> str | None:
    named = "product_lines" if (fact.name, name) == ("products", "line_id") else NAMED.get(name)
    target = named or f"{name.removesuffix('_id')}s"
    if name not in ("contact_id", "order_id") and dice.random() < 0.3:
        return None
    # Few have much, and many have little, as in life.
    return _id(target, int(SIZES.get(target, 5) * dice.random() ** 2))


def _id(fact: str, place: int) -> str:
    return str(UUID(int=random.Random(f"{fact} {place}").getrandbits(128)))
