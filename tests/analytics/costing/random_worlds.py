"""Small companies made by chance, with everything that costs something, and rates with gaps."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.analytics.costing.world import AS_OF, World, order

DRIVERS = {
    "interaction": "service", "interaction_minutes": "marketing", "case": "service", "case_minutes": "service",
    "order": "delivery", "order_line": "order", "ordered_unit": "order", "return": "return",
    "returned_unit": "return", "touch": "marketing",
}  # fmt: skip
D = Decimal
CENT = D("0.01")


class Chance:
    """What is drawn from a seed."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice

    def when(self) -> datetime:
        """Up to as_of and a little after, often at the edge of a day."""
        return AS_OF - timedelta(days=self.dice.randrange(-5, 400), seconds=self.dice.choice([0, 43_199, 43_200]))

    def amount(self, most: int, digits: int = 2) -> Decimal:
        """An amount, often 0 or the smallest there is."""
        return D(self.dice.choice([0, 1, self.dice.randrange(most), self.dice.randrange(most)])).scaleb(-digits)

    def one(self, *options: Any) -> Any:
        return self.dice.choice(options)

    def upto(self, most: int) -> range:
        return range(self.dice.randrange(most))


def random_world(dice: random.Random) -> World:
    """A company."""
    chance, world = Chance(dice), World()
    regions = ("north", "south", None)
    contacts = [
        world.add("contacts", f"c{number}", region=chance.one(*regions)) for number in range(dice.randrange(1, 9))
    ]
    whose = [*contacts, *contacts, "gone", None]
    lines = [world.add("product_lines", f"pl{number}", name=f"Line {number}") for number in range(3)]
    products = [world.add("products", f"p{number}", line_id=chance.one(*lines, None)) for number in range(5)]
    for driver, head in DRIVERS.items():
        for _number in range(chance.one(0, 1, 1, 2)):
            _activity(world, chance, f"a{len(world.rows['cost_activities'])}", driver, head)
    for number in chance.upto(25):
        _order(world, chance, f"o{number}", chance.one(*whose), products)
    for number in chance.upto(10):
        world.add(
            "cases", f"k{number}", contact_id=chance.one(*whose), opened_at=chance.when(),
            minutes=chance.amount(9_000), product_id=chance.one(*products, None),
        )  # fmt: skip
    cases = [None, None, *(key for key in ("k0", "k1") if key in world.get("cases"))]
    for number in chance.upto(20):
        world.add(
            "interactions", f"i{number}", contact_id=chance.one(*whose), occurred_at=chance.when(),
            channel=chance.one("call", "web", "store", "email"), direction=chance.one("inbound", "outbound", None),
            minutes=chance.one(None, chance.amount(9_000)), case_id=chance.one(*cases),
        )  # fmt: skip
    for number in chance.upto(25):
        _touch(world, chance, f"t{number}", chance.one(*whose))
    return world


def _activity(world: World, chance: Chance, key: str, driver: str, head: str) -> None:
    sides = ("inbound", None) if driver.startswith("interaction") else (None,)
    channels = {"touch": ("\nweb\ncall\n", "\nstore\n"), "case": ("\ncall\n",), "case_minutes": ("\ncall\n",)}
    known = channels.get(driver, ("\nweb\nstore\n", "\nstore\n"))
    world.add(
        "cost_activities", key, key=key, driver=driver, statement_line=head, is_active=chance.dice.random() < 0.9,
        channels=chance.one(None, None, *known), kinds=None, direction=chance.one(*sides),
    )  # fmt: skip
    day = AS_OF.date() - timedelta(days=chance.dice.randrange(200, 500))
    for version in range(chance.one(0, 1, 2, 3)):
        last = day + timedelta(days=chance.dice.randrange(1, 200))
        ends = last if version < 2 or chance.one(True, False) else None
        rate = {"amount": chance.amount(90_000, 4), "valid_from": day, "valid_to": ends}
        world.add("cost_rates", f"{key}-{version}", activity_id=key, **rate)
        day = last + timedelta(days=chance.one(0, 0, 30))


def _touch(world: World, chance: Chance, key: str, contact: str | None) -> None:
    cost = chance.one(None, chance.amount(500), chance.amount(500))
    world.add(
        "touches", key, contact_id=contact, occurred_at=chance.when(), cost=cost,
        currency=None if cost is None else chance.one("USD", "USD", "USD", "EUR"), channel=chance.one("web", None),
        campaign_code=chance.one("spring", "autumn", None),
    )  # fmt: skip


def _order(world: World, chance: Chance, key: str, contact: str | None, products: list[str]) -> None:
    placed, back, listed = chance.when(), D(0), D(0)
    for number in range(chance.one(0, 1, 1, 2, 3)):
        quantity, price = D(chance.dice.randrange(0, 4)), chance.amount(9_000)
        returned = D(chance.dice.randrange(0, int(quantity) + 1)) if chance.dice.random() < 0.3 else D(0)
        line = world.add(
            "order_lines", f"{key}-{number}", order_id=key, quantity=quantity, returned_quantity=returned,
            unit_cost=chance.one(*[chance.amount(90_000, 4)] * 9, None), unit_price=price,
            subtotal=(quantity * price).quantize(CENT), product_id=chance.one(*products, None),
        )  # fmt: skip
        listed += world.rows["order_lines"][-1]["subtotal"]
        if returned:
            given = min(chance.amount(100), listed - back)
            back += given
            world.add(
                "order_returns", f"{key}-{number}-r", order_id=key, line_id=line, quantity=returned, amount=given,
                at=placed + timedelta(days=chance.dice.randrange(30)),
            )  # fmt: skip
    listed = listed or chance.one(D(0), D(5))
    discount = min(listed - back, chance.amount(200))
    order(
        world, key, contact, placed, str(listed), str(discount),
        returned_total=min(listed - discount, back + chance.amount(50)), channel=chance.one("web", "store"),
        currency=chance.one(*["USD"] * 6, "EUR"), status=chance.one(*["completed"] * 6, "cancelled"),
    )  # fmt: skip
