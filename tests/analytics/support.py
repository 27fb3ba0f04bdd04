"""Rows to compute on, and the lake beside the database."""

# ruff: noqa: S608 - the SQL is made of names from declarations

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import psycopg
from django.db import connection

from analytics import facts
from analytics.engine import session as engine
from analytics.facts import Fact
from analytics.lake.database import own_connection
from crm.models import Contact, Order, OrderDiscount, OrderLine

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
    with own_connection() as own, engine.opened() as session:
        return [
            fact.name
            for fact in facts.facts()
            if _sorted(own.execute(fact.rows(None, None)).fetchall(), without_last=True)
            != _sorted(session.duck.execute(f"SELECT * FROM {fact.name}").fetchall())
        ]


def _sorted(rows: Iterable[tuple[Any, ...]], *, without_last: bool = False) -> list[tuple[str, ...]]:
    return sorted(tuple(_plain(value) for value in (row[:-1] if without_last else row)) for row in rows)


def in_lake(fact: Fact) -> list[tuple[Any, ...]]:
    """The rows that the lake has."""
    with engine.opened() as session:
        return _sorted(session.duck.execute(f"SELECT * FROM {fact.name}").fetchall())


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
