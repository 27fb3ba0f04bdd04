"""Definitions over rows given in the test, and the same computed slowly and plainly in Python."""

# ruff: noqa: S608 - the SQL is made of names from declarations

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from analytics import facts, steps
from analytics.crm_facts import CONTACTS, ORDERS
from analytics.engine.parameters import parameters_of
from analytics.engine.results import Results
from analytics.engine.session import DuckEngine, Lake, Session
from analytics.facts import Fact
from analytics.steps import Step
from analytics.steps.definitions import GRID, rfm_grid

AS_OF = datetime(2026, 3, 1, 12, tzinfo=UTC)
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Order:
    id: str
    contact_id: str | None
    placed_at: datetime
    total: Decimal
    returned_total: Decimal = Decimal("0.00")
    currency: str = "USD"
    status: str = "completed"

    @property
    def net(self) -> Decimal:
        return self.total - self.returned_total


@contextmanager
def given(contacts: Sequence[str], orders: Sequence[Order], scratch: Path) -> Iterator[Session]:
    """A session over these rows."""
    with duckdb.connect() as duck:
        tables: dict[Fact, list[dict[str, Any]]] = {fact: [] for fact in facts.facts()} | {
            CONTACTS: [{"id": each} for each in contacts],
            ORDERS: [_row(each) for each in orders],
        }
        for fact, rows in tables.items():
            columns = ", ".join(f'"{c.name}" {c.type}' for c in fact.columns)
            duck.execute(f"CREATE TABLE {fact.name} ({columns})")
            for row in rows:
                names, marks = ", ".join(row), ", ".join("?" for _ in row)
                duck.execute(f"INSERT INTO {fact.name} ({names}) VALUES ({marks})", list(row.values()))
        duck.execute(f"CREATE TABLE {GRID} (recency INT, frequency INT, segment VARCHAR)")
        duck.executemany(f"INSERT INTO {GRID} VALUES (?, ?, ?)", [list(row) for row in rfm_grid()])
        with TemporaryDirectory(dir=scratch) as folder:
            yield Session(Lake(duck, scratch, "", None), DuckEngine(duck), Results(Path(folder), {}))


def _row(order: Order) -> dict[str, Any]:
    names = ("id", "contact_id", "total", "returned_total", "currency", "status")
    return {name: getattr(order, name) for name in names} | {"placed_at": order.placed_at.replace(tzinfo=None)}


def computed(
    name: str, contacts: Sequence[str], orders: Sequence[Order], scratch: Path, threshold: Decimal | None = None
) -> list[dict[str, Any]]:
    """The rows of a definition, and of those that it reads before it."""
    with given(contacts, orders, scratch) as session:
        parameters = parameters_of(as_of=AS_OF, first_order_threshold=threshold)
        for step in needed(name):
            session.run(step, parameters)
        return session.rows(name)


def needed(name: str) -> list[Step]:
    """A step and those that it reads, in order."""
    wanted = {name}
    for step in reversed(steps.in_order()):
        if step.name in wanted:
            wanted.update(step.reads)
    return [step for step in steps.in_order() if step.name in wanted]


def expected(contacts: Sequence[str], orders: Sequence[Order], threshold: Decimal | None = None) -> dict[str, Any]:
    """customer_metrics, by contact."""
    by_contact: dict[str, list[Order]] = {contact: [] for contact in contacts}
    for order in sorted(orders, key=lambda each: (each.placed_at, each.id)):
        if order.contact_id in by_contact and order.status != "cancelled" and order.placed_at <= AS_OF:
            by_contact[order.contact_id].append(order)
    rows = {contact: _profile(contact, mine) for contact, mine in by_contact.items()}
    customers = [row for row in rows.values() if row["frequency"]]
    firsts = sorted(row["first_order_value"] for row in customers if row["first_order_value"] is not None)
    if threshold is None and firsts:
        threshold = (firsts[(len(firsts) - 1) // 2] + firsts[len(firsts) // 2]) / 2
    for row in customers:
        value = row["first_order_value"]
        row["first_order_band"] = None if value is None else "under" if value < threshold else "over"
    _score(customers, "recency_quintile", lambda row: (-row["recency_days"], row["contact_id"]))
    _score(customers, "frequency_quintile", lambda row: (row["frequency"], row["contact_id"]))
    paying = [row for row in customers if row["monetary"] is not None]
    _score(paying, "monetary_quintile", lambda row: (row["monetary"], row["contact_id"]))
    grid = {(recency, frequency): segment for recency, frequency, segment in rfm_grid()}
    for row in customers:
        row["rfm_segment"] = grid.get((row["recency_quintile"], row["frequency_quintile"]))
    if len(paying) >= 5:
        best = sorted(paying, key=lambda row: (row["monetary"], row["contact_id"]), reverse=True)
        for place, row in enumerate(best, start=1):
            row["is_top20"] = place <= -(-len(paying) // 5)
    for row in rows.values():
        row["first_order_threshold"] = threshold
    return rows


def _profile(contact: str, orders: list[Order]) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(
        ("recency_days", "tenure_days", "first_order_at", "last_order_at", "average_order_value", "first_order_value",
         "first_order_band", "recency_quintile", "frequency_quintile", "monetary_quintile", "rfm_segment", "is_top20"),
    )  # fmt: skip
    row |= {"contact_id": contact, "frequency": len(orders), "monetary": Decimal("0.00"), "other_currency_orders": 0}
    if not orders:
        return row
    money = [order.net for order in orders if order.currency == "USD"]
    first, last = orders[0], orders[-1]
    return row | {
        "recency_days": (AS_OF.date() - last.placed_at.date()).days,
        "tenure_days": (AS_OF.date() - first.placed_at.date()).days,
        "first_order_at": first.placed_at.replace(tzinfo=None),
        "last_order_at": last.placed_at.replace(tzinfo=None),
        "monetary": sum(money, Decimal(0)) if money else None,
        "other_currency_orders": len(orders) - len(money),
        "average_order_value": (sum(money) / len(money)).quantize(CENT, ROUND_HALF_UP) if money else None,
        "first_order_value": first.net if first.currency == "USD" else None,
    }


def _score(rows: list[dict[str, Any]], name: str, key: Any) -> None:
    """Fifths from the worst to the best; where it does not divide, the lower fifths have one more."""
    if len(rows) < 5:
        return
    ordered = sorted(rows, key=key)
    size, larger = divmod(len(ordered), 5)
    start = 0
    for fifth in range(1, 6):
        end = start + size + (1 if fifth <= larger else 0)
        for row in ordered[start:end]:
            row[name] = fifth
        start = end
