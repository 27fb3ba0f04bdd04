"""A small company as rows of facts, the definitions over it, and the same computed one event after the other."""

# ruff: noqa: S608 - the SQL is made of names from declarations

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Any

import duckdb

from analytics import facts
from analytics.engine.parameters import parameters_of
from analytics.steps import definitions
from analytics.steps.definitions import GRID, Definition, rfm_grid

AS_OF = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLACES = Decimal("0.0001")
ZERO, ONE = Decimal(0), Decimal(1)
HEADS = ("service", "order", "return", "delivery", "marketing", "acquisition")
STEPS = (
    "customer_metrics", "customer_costs", "campaign_shares", "customer_profits", "activity_costs", "profit_findings",
    "product_line_profits",
)  # fmt: skip
Row = dict[str, Any]


@dataclass
class World:
    """Rows by fact. What is not said of a row is null, but for what facts never leave open."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def add(self, fact: str, key: str, /, **values: Any) -> str:
        self.rows[fact].append({"id": key} | _DEFAULTS.get(fact, {}) | values)
        return key

    def get(self, fact: str) -> dict[str, Row]:
        return {row["id"]: row for row in self.rows[fact]}


_DEFAULTS: dict[str, Row] = {
    "orders": {
        "status": "completed", "currency": "USD", "channel": "store", "subtotal": ZERO, "discount_total": ZERO,
        "returned_total": ZERO,
    },
    "order_lines": {"quantity": Decimal(1), "subtotal": ZERO, "discount_total": ZERO, "returned_quantity": ZERO},
    "cost_activities": {"is_active": True},
    "cases": {"minutes": ZERO, "priority": "normal", "channel": "call"},
    "contacts": {"lifecycle_stage": "customer"},
}  # fmt: skip


def computed(world: World, *names: str) -> dict[str, list[Row]]:
    """The rows of these definitions and of those before them."""
    with duckdb.connect() as duck:
        for fact in facts.facts():
            columns = ", ".join(f'"{item.name}" {item.type}' for item in fact.columns)
            duck.execute(f"CREATE TABLE {fact.name} ({columns})")
            for row in world.rows.get(fact.name, []):
                listed, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" for _ in row)
                duck.execute(f"INSERT INTO {fact.name} ({listed}) VALUES ({marks})", list(map(_stored, row.values())))
        duck.execute(f"CREATE TABLE {GRID} (recency INT, frequency INT, segment VARCHAR)")
        duck.executemany(f"INSERT INTO {GRID} VALUES (?, ?, ?)", [list(row) for row in rfm_grid()])
        parameters = parameters_of(as_of=AS_OF)
        found = {}
        for name in STEPS:
            found[name] = _run(duck, definitions.get(name), parameters)
        return {name: found[name] for name in names}


def _run(duck: duckdb.DuckDBPyConnection, definition: Definition, parameters: Row) -> list[Row]:
    bound = {name: parameters[name] for name in definition.parameters}
    duck.execute(f"CREATE TABLE {definition.name} AS {definition.sql}", bound)
    cursor = duck.execute(f"SELECT * FROM {definition.name}")
    names = [item[0] for item in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _stored(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


@dataclass(frozen=True)
class Event:
    contact: str | None
    source: str
    key: str
    at: datetime
    activity: str
    head: str
    quantity: Decimal | None
    amount: Decimal | None
    reason: str | None
    campaign: str | None = None


def events(world: World) -> list[Event]:
    """What happened up to AS_OF and costs something, each event priced by itself."""
    first = first_orders(world)
    priced = [*_by_activity(world), *_recorded(world)]

    def headed(event: Event) -> Event:
        begun = first.get(event.contact or "")
        if event.head != "marketing" or (begun is not None and event.at > begun):
            return event
        return Event(**(vars(event) | {"head": "acquisition"}))

    return [headed(event) for event in priced]


def first_orders(world: World) -> dict[str, datetime]:
    first: dict[str, datetime] = {}
    for order in world.rows["orders"]:
        contact = order["contact_id"]
        if contact is not None and _counts(order):
            first[contact] = min(order["placed_at"], first.get(contact, order["placed_at"]))
    return first


def _counts(order: Row) -> bool:
    return bool(order["status"] != "cancelled" and order["placed_at"] <= AS_OF)


def _recorded(world: World) -> Iterator[Event]:
    for touch in world.rows["touches"]:
        cost = touch.get("cost")
        if cost is None or touch["occurred_at"] > AS_OF:
            continue
        known = touch["currency"] == "USD"
        yield Event(
            touch.get("contact_id"), "touch", touch["id"], touch["occurred_at"], "recorded_cost", "marketing",
            Decimal(1), cost if known else None, None if known else "other_currency", touch.get("campaign_code"),
        )  # fmt: skip


def _by_activity(world: World) -> Iterator[Event]:
    for source, key, contact, at, counts, about in _occurrences(world):
        for activity in world.rows["cost_activities"]:
            if not activity["is_active"] or activity["driver"] not in counts or not _holds(activity, about):
                continue
            quantity = counts[activity["driver"]]
            rate = _rate(world, activity["id"], at.date())
            reason = "no_quantity" if quantity is None else "no_rate" if rate is None else None
            amount = None
            if quantity is not None and rate is not None:
                amount = (quantity * rate).quantize(PLACES, ROUND_HALF_UP)
            yield Event(
                contact, source, key, at, activity["key"], activity["statement_line"], quantity, amount, reason,
                about.get("campaign_code"),
            )  # fmt: skip


def _holds(activity: Row, about: Row) -> bool:
    for name, word in (("channels", about.get("channel")), ("kinds", about.get("kind"))):
        allowed = activity.get(name)
        if allowed is not None and word not in allowed.strip("\n").split("\n"):
            return False
    return activity.get("direction") in (None, about.get("direction"))


def _rate(world: World, activity: str, day: date) -> Decimal | None:
    for rate in world.rows["cost_rates"]:
        ends = rate.get("valid_to")
        if rate["activity_id"] == activity and rate["valid_from"] <= day and (ends is None or day < ends):
            amount: Decimal = rate["amount"]
            return amount
    return None


Occurrence = tuple[str, str, str | None, datetime, dict[str, Decimal | None], Row]


def _occurrences(world: World) -> Iterator[Occurrence]:
    for found in (*_of_orders(world), *_of_service(world)):
        if found[3] <= AS_OF:
            yield found


def _of_orders(world: World) -> Iterator[Occurrence]:
    orders = {key: row for key, row in world.get("orders").items() if _counts(row)}
    for key, row in orders.items():
        yield "order", key, row["contact_id"], row["placed_at"], {"order": ONE}, row
    for line in world.rows["order_lines"]:
        if row := orders.get(line["order_id"], {}):
            counts = {"order_line": ONE, "ordered_unit": line["quantity"]}
            yield "order_line", line["id"], row["contact_id"], row["placed_at"], counts, row
    for back in world.rows["order_returns"]:
        if row := orders.get(back["order_id"], {}):
            counts = {"return": ONE, "returned_unit": back["quantity"]}
            yield "order_return", back["id"], row["contact_id"], back["at"], counts, row


def _of_service(world: World) -> Iterator[Occurrence]:
    cases = world.get("cases")
    for row in world.rows["interactions"]:
        counts = {"interaction": ONE}
        if row.get("case_id") not in cases:
            counts["interaction_minutes"] = row.get("minutes")
        yield "interaction", row["id"], row.get("contact_id"), row["occurred_at"], counts, row
    for row in cases.values():
        counts = {"case": ONE, "case_minutes": row["minutes"]}
        about = {"channel": row["channel"], "kind": row["priority"]}
        yield "case", row["id"], row.get("contact_id"), row["opened_at"], counts, about
    for row in world.rows["touches"]:
        about = row | {"kind": row.get("medium")}
        yield "touch", row["id"], row.get("contact_id"), row["occurred_at"], {"touch": ONE}, about


def shares(world: World) -> dict[str, Decimal]:
    """What is moved to and from every contact, of what campaigns spent in vain."""
    contacts = world.get("contacts")
    first = {key: at for key, at in first_orders(world).items() if key in contacts}
    won: dict[str, set[str]] = defaultdict(set)
    for touch in world.rows["touches"]:
        begun = first.get(touch.get("contact_id") or "")
        if touch.get("campaign_code") and begun is not None and touch["occurred_at"] <= begun:
            won[touch["campaign_code"]].add(touch["contact_id"])
    moved: dict[str, Decimal] = defaultdict(Decimal)
    pools: dict[str, Decimal] = defaultdict(Decimal)
    for event in events(world):
        if event.source == "touch" and event.campaign and event.amount and event.contact not in first:
            pools[event.campaign] += event.amount
            if won[event.campaign] and event.contact in contacts:
                moved[event.contact or ""] -= event.amount
    for campaign, pool in pools.items():
        winners = sorted(won[campaign])
        left = pool
        for place, winner in enumerate(winners):
            share = left / (len(winners) - place)
            # Rounded up, so that the first have what does not divide.
            part = share.quantize(PLACES, ROUND_CEILING)
            moved[winner] += part
            left -= part
    return moved


def statement(world: World, contact: str, moved: dict[str, Decimal], all_events: list[Event]) -> Row:
    """A contact's profit and loss."""
    counted = [row for row in world.rows["orders"] if row["contact_id"] == contact and _counts(row)]
    orders = {row["id"]: row for row in counted if row["currency"] == "USD"}
    lines = [line for line in world.rows["order_lines"] if line["order_id"] in orders]
    kept = [line for line in lines if line["quantity"] != line["returned_quantity"]]
    unknown = [line for line in kept if line.get("unit_cost") is None]
    mine = [event for event in all_events if event.contact == contact]
    row: Row = {
        "orders": len(counted),
        "lines_without_cost": len(unknown),
        "cost_events": len(mine),
        "unrated_events": sum(event.amount is None for event in mine),
        "revenue": None if counted and not orders else ZERO + sum(_net(order) for order in orders.values()),
        "campaign_share": moved.get(contact, ZERO),
    }
    goods = sum(
        (((line["quantity"] - line["returned_quantity"]) * line["unit_cost"]).quantize(PLACES, ROUND_HALF_UP)
         for line in lines if line.get("unit_cost") is not None), ZERO,
    )  # fmt: skip
    whole = sum((order["subtotal"] for order in orders.values()), ZERO) == sum((li["subtotal"] for li in lines), ZERO)
    known = row["revenue"] is not None and not unknown and whole
    row["gross_margin"] = row["revenue"] - goods if known else None
    for head in HEADS:
        of_head = [event.amount for event in mine if event.head == head]
        amounts = [amount for amount in of_head if amount is not None]
        row[f"{head}_cost"] = None if of_head and not amounts else sum(amounts, ZERO)
    own = row.pop("acquisition_cost")
    row["acquisition_cost"] = None if own is None else own + row["campaign_share"]
    served = [row[f"{head}_cost"] for head in ("service", "order", "return", "delivery")]
    row["cost_to_serve"] = None if None in served else sum(served, ZERO)
    parts = [row["gross_margin"], row["cost_to_serve"], row["marketing_cost"], row["acquisition_cost"]]
    row["profit"] = None if None in parts else parts[0] - parts[1] - parts[2] - parts[3]
    return row


def _net(order: Row) -> Decimal:
    net: Decimal = order["subtotal"] - order["discount_total"] - order["returned_total"]
    return net


def order(
    world: World, key: str, contact: str | None, at: datetime, subtotal: str, discount: str = "0", **values: Any
) -> str:
    """An order; its total follows."""
    total = Decimal(subtotal) - Decimal(discount)
    amounts = {"subtotal": Decimal(subtotal), "discount_total": Decimal(discount), "total": total}
    return world.add("orders", key, contact_id=contact, placed_at=at, **(amounts | values))
