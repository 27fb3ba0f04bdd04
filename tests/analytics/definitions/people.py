"""Random contacts and orders with everything that a definition must stand: ties, returns, other currencies, dirt."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.analytics.definitions.tables import AS_OF

SOURCES = (None, "banner", "newsletter")
REGIONS = (None, "North", "South")


def random_contacts(dice: random.Random) -> list[dict[str, Any]]:
    return [
        {
            "id": f"c{number:03}",
            "acquisition_source": dice.choice(SOURCES),
            "acquisition_at": dice.choice([None, _moment(dice)]),
            "region": dice.choice(REGIONS),
        }
        for number in range(dice.choice([1, 4, 7, 30]))
    ]


def random_orders(dice: random.Random, contacts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "id": f"o{number:04}",
            "contact_id": dice.choice([*(each["id"] for each in contacts), "gone", None]),
            "placed_at": _moment(dice),
            "status": dice.choice(["completed"] * 6 + ["cancelled", "pending"]),
            "currency": dice.choice(["USD"] * 6 + ["EUR"]),
            "total": (total := Decimal(dice.choice([0, 333, 1000, dice.randrange(100_000)])) / 100),
            "returned_total": dice.choice([Decimal(0), Decimal(0), total]),
        }
        for number in range(dice.choice([0, 1, 20, 150]))
    ]


def random_lines(dice: random.Random, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{order['id']}-{number}",
            "order_id": order["id"],
            "quantity": (quantity := Decimal(dice.choice([1, 2, "0.5"]))),
            "returned_quantity": dice.choice([Decimal(0), quantity]),
            "unit_cost": dice.choice([None, Decimal("1.2345"), Decimal("3.10"), Decimal("0.99")]),
        }
        for order in orders
        for number in range(dice.randrange(3))
    ]


def counted(orders: list[dict[str, Any]], contacts: list[dict[str, Any]], as_of: datetime = AS_OF) -> list[Any]:
    """The orders that count as behaviour of a contact that is there, oldest first."""
    known = {each["id"] for each in contacts}
    kept = [
        each
        for each in orders
        if each["contact_id"] in known and each["status"] != "cancelled" and each["placed_at"] <= as_of
    ]
    return sorted(kept, key=lambda each: (each["placed_at"], each["id"]))


def net(order: dict[str, Any]) -> Decimal | None:
    """What an order brought, in the base currency."""
    if order["currency"] != "USD":
        return None
    worth: Decimal = order["total"] - order["returned_total"]
    return worth


def _moment(dice: random.Random) -> datetime:
    return AS_OF - timedelta(days=dice.randrange(-20, 700), seconds=dice.choice([0, 1, 43_200, 43_201]))
