"""Small worlds: the store made of them, and their slices added up slowly and plainly in Python."""

# ruff: noqa: S608 - the SQL is made of names from declarations

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb

from analytics.crm_facts import CRM_FACTS
from analytics.slicing import catalogue
from analytics.slicing.build import ProfileColumn, build
from analytics.slicing.store import Store

AT = datetime(2026, 3, 15, 12, tzinfo=UTC)
PROFILE = (
    ProfileColumn("rfm_segment", is_dimension=True),
    ProfileColumn("lifetime_value", places=2),
    ProfileColumn("frequency", places=0),
)


def identity(n: int) -> str:
    return str(UUID(int=n << 64 | (n % 3) << 8))


@dataclass
class Line:
    total: Decimal
    product: int | None = None
    quantity: Decimal = Decimal(1)
    unit_cost: Decimal | None = None
    discount: Decimal = Decimal(0)
    returned: Decimal = Decimal(0)
    returned_quantity: Decimal = Decimal(0)

    @property
    def net(self) -> Decimal:
        return self.total - self.returned


@dataclass
class Order:
    contact: int | None
    placed_at: datetime
    lines: list[Line]
    currency: str = "USD"
    status: str = "completed"
    channel: str = "web"
    coupon: str | None = None
    discount: Decimal = Decimal(0)
    id: int = 0

    @property
    def total(self) -> Decimal:
        return max(sum((line.total for line in self.lines), Decimal(0)) - self.discount, Decimal(0))

    @property
    def returned(self) -> Decimal:
        return min(sum((line.returned for line in self.lines), Decimal(0)), self.total)

    @property
    def net(self) -> Decimal:
        return self.total - self.returned


@dataclass
class Contact:
    region: str | None = None
    source: str | None = None
    acquisition_source: str | None = None
    size: str | None = None
    segment: str | None = None
    lifetime_value: Decimal | None = None


@dataclass
class World:
    """touches: contact, moment, cost and currency of each. products: line and category of each."""

    contacts: list[Contact] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    touches: list[tuple[int, datetime, Decimal | None, str]] = field(default_factory=list)
    products: list[tuple[str | None, str | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for number, order in enumerate(self.orders):
            order.id = number


def store(world: World, folder: Path) -> Store:
    """The store of a world."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as duck:
        for fact in CRM_FACTS:
            columns = ", ".join(f'"{column.name}" {column.type}' for column in fact.columns)
            duck.execute(f"CREATE TABLE {fact.name} ({columns})")
        for name, rows in _facts(world).items():
            for row in rows:
                duck.execute(
                    f"INSERT INTO {name} ({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})", list(row.values())
                )
        duck.execute(
            "CREATE TABLE profiles (contact_id VARCHAR, rfm_segment VARCHAR, lifetime_value DECIMAL(18, 2), "
            "frequency BIGINT)"
        )
        for n, contact in enumerate(world.contacts):
            if contact.segment is not None or contact.lifetime_value is not None:
                duck.execute(
                    "INSERT INTO profiles VALUES (?, ?, ?, 0)", [identity(n), contact.segment, contact.lifetime_value]
                )
        build(
            duck, folder, base_currency="USD", custom=["size"], profile=PROFILE, at=AT, lake_synced_at=AT,
        )  # fmt: skip
    return Store(folder)


def _facts(world: World) -> dict[str, list[dict[str, Any]]]:
    naive = {"tzinfo": None}
    orders = [
        {
            "id": identity(o.id), "contact_id": None if o.contact is None else identity(o.contact),
            "placed_at": o.placed_at.replace(**naive), "status": o.status, "channel": o.channel,
            "currency": o.currency, "coupon_code": o.coupon, "subtotal": o.total + o.discount,
            "discount_total": o.discount, "total": o.total, "returned_total": o.returned,
        }
        for o in world.orders
    ]  # fmt: skip
    lines: list[dict[str, Any]] = []
    returns: list[dict[str, Any]] = []
    for o in world.orders:
        for line in o.lines:
            key = f"l{o.id}-{len(lines)}"
            lines.append({
                "id": key, "order_id": identity(o.id), "placed_at": o.placed_at.replace(**naive),
                "product_id": None if line.product is None else f"p{line.product}", "quantity": line.quantity,
                "unit_cost": line.unit_cost, "total": line.total, "subtotal": line.total + line.discount,
                "discount_total": line.discount, "returned_quantity": line.returned_quantity,
            })  # fmt: skip
            if line.returned:
                returns.append({"id": f"r{key}", "line_id": key, "amount": line.returned})
    return {
        "contacts": [
            {
                "id": identity(n), "region": c.region, "source": c.source, "acquisition_source": c.acquisition_source,
                "custom": json.dumps({"size": c.size} if c.size else {}),
            }
            for n, c in enumerate(world.contacts)
        ],
        "orders": orders,
        "order_lines": lines,
        "order_returns": returns,
        "product_lines": [{"id": name, "name": name.title()} for name in {line for line, _ in world.products if line}],
        "products": [
            {"id": f"p{n}", "sku": f"P{n}", "line_id": line, "category": category}
            for n, (line, category) in enumerate(world.products)
        ],
        "touches": [
            {"id": str(n), "contact_id": identity(c), "occurred_at": at.replace(**naive), "cost": cost, "currency": cur}
            for n, (c, at, cost, cur) in enumerate(world.touches)
        ],
    }  # fmt: skip


def counted(world: World, start: datetime | None, end: datetime) -> list[Order]:
    """The orders of a period that count, first to last."""
    found = [
        o for o in world.orders
        if o.contact is not None and o.status != "cancelled"
        and (start is None or start <= o.placed_at) and o.placed_at < end
    ]  # fmt: skip
    return sorted(found, key=lambda o: (o.placed_at, identity(o.id)))


def pieces(order: Order) -> Iterable[tuple[int | None, Decimal, Decimal | None, Decimal]]:
    """An order's lines and what they leave: product, revenue, cost, units; in the base currency."""
    money = order.currency == "USD"
    rest = order.net
    for line in order.lines:
        units = line.quantity - line.returned_quantity
        cost = None if line.unit_cost is None else (units * line.unit_cost).quantize(Decimal("0.01"), "ROUND_HALF_UP")
        yield line.product, line.net if money else Decimal(0), cost if money else None, units
        rest -= line.net
    if rest or not order.lines or order.discount:
        known = bool(order.lines) and all(line.unit_cost is not None for line in order.lines)
        yield None, rest if money else Decimal(0), Decimal(0) if known and money else None, Decimal(0)


def first_orders(world: World) -> dict[int, Order]:
    firsts: dict[int, Order] = {}
    for order in counted(world, None, datetime.max.replace(tzinfo=UTC)):
        firsts.setdefault(order.contact or 0, order)
    return firsts


def cell_of(world: World, name: str, order: Order, product: int | None, threshold: Decimal | None) -> str | None:
    """The value of a dimension, plainly."""
    contact = world.contacts[order.contact or 0]
    first = first_orders(world)[order.contact or 0]
    line, category = (None, None) if product is None else world.products[product]
    over = first.currency == "USD" and threshold is not None and first.net >= threshold
    band = None if first.currency != "USD" or threshold is None else "over" if over else "under"
    values: dict[str, str | None] = {
        "region": contact.region,
        "acquisition_source": contact.acquisition_source or contact.source,
        "custom.size": contact.size,
        "rfm_segment": contact.segment,
        "first_order_band": band,
        "cohort_month": f"{first.placed_at:%Y-%m}",
        "cohort_quarter": f"{first.placed_at.year}-Q{(first.placed_at.month + 2) // 3}",
        "channel": order.channel,
        "coupon_code": order.coupon,
        "order_month": f"{order.placed_at:%Y-%m}",
        "order_week": f"{order.placed_at:%G-W%V}",
        "product": None if product is None else f"p{product}",
        "product_line": line,
        "category": category,
    }
    return values[name]


def is_of_lines(dimensions: Iterable[str]) -> bool:
    return any(name in catalogue.LINE_DIMENSIONS for name in dimensions)
