"""Rows to compute on, and the lake beside the database."""

# ruff: noqa: S608 - the SQL is made of names from declarations

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import psycopg
from django.db import connection

from accounts.models import User
from analytics import facts
from analytics.engine import session as engine
from analytics.facts import Fact
from analytics.lake.database import own_connection
from analytics.models import ContactMetrics
from crm.models import Contact, Interaction, Note, Order, OrderDiscount, OrderLine, Product, ProductLine, Touch

_numbers = count(1)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def contact(**values: Any) -> Contact:
    return Contact.objects.create(**{"last_name": f"Contact {next(_numbers)}", **values})


def order(who: Contact, placed_at: datetime, total: Decimal | int, returned: Decimal | int = 0, **values: Any) -> Order:
    return Order.objects.create(
        contact=who, number=f"T{next(_numbers)}", placed_at=placed_at, subtotal=total, total=total,
        returned_total=returned, **values,
    )  # fmt: skip


def line(of: Order, price: Decimal | int, **values: Any) -> OrderLine:
    return OrderLine.objects.create(
        order=of, position=1, description="thing", unit_price=price, total=price, placed_at=of.placed_at, **values
    )


def discount(of: Order, amount: Decimal | int) -> OrderDiscount:
    return OrderDiscount.objects.create(order=of, kind="coupon", amount=amount)


def differing() -> list[str]:
    """The facts that the lake has differently from the database."""
    with own_connection() as own, engine.opened() as lake:
        return [
            fact.name
            for fact in facts.facts()
            if _sorted(own.execute(fact.rows(None, None)).fetchall(), without_last=True)
            != _sorted(lake.duck.execute(f"SELECT * FROM {fact.name}").fetchall())
        ]


def _sorted(rows: Iterable[tuple[Any, ...]], *, without_last: bool = False) -> list[tuple[str, ...]]:
    return sorted(tuple(_plain(value) for value in (row[:-1] if without_last else row)) for row in rows)


def in_lake(fact: Fact) -> list[tuple[Any, ...]]:
    """The rows that the lake has."""
    with engine.opened() as lake:
        return _sorted(lake.duck.execute(f"SELECT * FROM {fact.name}").fetchall())


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat()
    # As a text, and with its digits: 1.50 is not 1.5.
    return "\x00null" if value is None else str(value)


@contextmanager
def other_writer() -> Iterator[psycopg.Connection[Any]]:
    """A second connection, in a transaction of its own."""
    parameters = connection.get_connection_params()
    for name in ("pool", "context", "cursor_factory", "server_side_binding"):
        parameters.pop(name, None)
    with psycopg.connect(**parameters) as other:
        yield other


def more_of(people: list[Contact], *, at: datetime) -> None:
    """Lines, products, interactions, touches, notes and profiles for some people, and an owner for a third of them."""
    owner = User.objects.create_user(email="owner@example.com", name="Owner")
    lines = [ProductLine.objects.create(name=name) for name in ("Cookbooks", "Knives")]
    products = [Product.objects.create(sku=f"P{i}", name="Product", line=lines[i % 2], unit_price=5) for i in range(3)]
    for i, person in enumerate(people):
        if i % 3 == 1:
            Contact.objects.filter(pk=person.pk).update(owner=owner)
            person.owner_id = owner.pk
        Contact.objects.filter(pk=person.pk).update(source=["web", "Web", None][i % 3], region=["north", None][i % 2])
        for n, one in enumerate(Order.objects.filter(contact=person).order_by("number")):
            Order.objects.filter(pk=one.pk).update(channel=["web", "store"][n % 2], is_gift=n == 2)
            OrderLine.objects.create(
                order=one, position=1, description=["thing", None][i % 2], unit_price=one.total, total=one.total,
                product=products[(i + n) % 3], placed_at=one.placed_at, unit_cost=[None, 2][n % 2],
            )  # fmt: skip
        if i % 2:
            Interaction.objects.create(
                contact=person, channel="phone", kind=["call", "visit"][i % 4 // 2], direction="inbound",
                occurred_at=at - timedelta(days=20 * i),
            )  # fmt: skip
            Touch.objects.create(contact=person, source="ads", medium="banner", occurred_at=at - timedelta(days=i))
        if i % 4 == 0:
            Note.objects.create(contact=person, body="met")
            Contact.objects.filter(pk=person.pk).update(deleted_at=at if i % 8 == 0 else None)
        ContactMetrics.objects.create(
            id=person.pk, contact_id=person.pk, frequency=i % 4, other_currency_orders=0, as_of=at, computed_at=at,
            monetary=Decimal(i) if i % 4 else None, rfm_segment=["champions", None][i % 2], definition_version="v",
            window="all",
        )  # fmt: skip


def show_profiles(duck: Any) -> None:
    """What was computed per contact, as the engine would have it, in the table `profiles`."""
    rows = ContactMetrics.objects.values_list("contact_id", "frequency", "monetary", "rfm_segment")
    duck.execute(
        "CREATE TABLE profiles (contact_id VARCHAR, frequency INT, monetary DECIMAL(18, 2), rfm_segment VARCHAR)"
    )
    duck.executemany("INSERT INTO profiles VALUES (?, ?, ?, ?)", [(str(row[0]), *row[1:]) for row in rows])
