"""A customer record that changes at random: rows, many rows, months, merges, erasures, truncation, other writers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
from django.db import OperationalError, connection, transaction

from core.actors import SYSTEM
from core.errors import DomainError
from core.facts import fact_triggers
from core.ids import new_id
from crm.models import Contact, Event, Interaction, LifecycleChange, Order, OrderDiscount, OrderLine
from crm.services import erasures, event_partitions, merges
from tests.analytics.support import contact, discount, line, order, other_writer

START = datetime(2025, 1, 1, tzinfo=UTC)
MONTHS = [date(2025, month, 1) for month in range(1, 8)]
# The most rows of a statement that are marked singly in these tests, so that both ways are walked.
FEW = 3
TRIGGERS = {
    Contact: lambda most: fact_triggers("contacts", at_most=most),
    Order: lambda most: fact_triggers("orders", month_column="placed_at", followed=True, at_most=most),
    OrderLine: lambda most: fact_triggers("order_lines", month_column="placed_at", at_most=most),
    OrderDiscount: lambda most: fact_triggers("order_discounts", at_most=most),
    Event: lambda most: fact_triggers("events", month_column="occurred_at", at_most=most),
    Interaction: lambda most: fact_triggers("interactions", month_column="occurred_at", at_most=most),
    LifecycleChange: lambda most: fact_triggers("lifecycle_changes", month_column="at", at_most=most),
}


@contextmanager
def few_rows_are_many() -> Iterator[None]:
    """Triggers that mark months from so few rows on as the product's do from very many."""
    _install(FEW)
    try:
        yield
    finally:
        _install(None)


def _install(most: int | None) -> None:
    with connection.cursor() as cursor:
        for model, make in TRIGGERS.items():
            usual = {trigger.name: trigger for trigger in model._meta.triggers}  # type: ignore[attr-defined]
            for trigger in make(most or 1):
                cursor.execute(str((trigger if most else usual[trigger.name]).compile(model).install_sql))


class World:
    """Writes of all kinds, drawn by a seed."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.contacts = [contact() for _ in range(5)]
        event_partitions.ensure(MONTHS)

    def step(self) -> None:
        """One write, sometimes rolled back, and given up where another writer stands in its way."""
        writes: list[Callable[[], object]] = [
            *[self._buy] * 4, *[self._talk] * 2, *[self._happen] * 3, *[self._give_discount] * 3, *[self._move] * 2,
            self._edit, self._edit, self._delete, self._soft_delete, self._touch_contact, self._touch_contact,
            self._many, self._many_move, self._many_contacts, self._many_events, self._move_event, self._restage,
            self._give_discount_to_another, self._merge, self._unmerge, self._erase, self._come, self._truncate,
            self._drop_month,
        ]  # fmt: skip
        with suppress(_Undo, OperationalError, DomainError), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout TO '20ms'")
            self.dice.choice(writes)()
            if self.dice.random() < 0.1:
                raise _Undo

    def _moment(self) -> datetime:
        return START + timedelta(days=self.dice.randrange(200), seconds=self.dice.randrange(86_400))

    def _come(self) -> None:
        self.contacts.append(contact(source=self.dice.choice(["", "web", "\\N"])))

    def _somebody(self) -> Contact:
        return self.dice.choice(self.contacts)

    def _buy(self) -> None:
        bought = order(self._somebody(), self._moment(), Decimal(self.dice.randrange(10_000)) / 100)
        for _ in range(self.dice.randrange(3)):
            line(bought, Decimal(self.dice.randrange(1000)) / 100)

    def _some(self) -> Order | None:
        return self.dice.choice(list(Order.objects.order_by("id")) or [None])

    def _move(self) -> None:
        if some := self._some():
            moved = self._moment()
            Order.objects.filter(pk=some.pk).update(placed_at=moved)
            OrderLine.objects.filter(order=some).update(placed_at=moved)

    def _edit(self) -> None:
        if some := self._some():
            Order.objects.filter(pk=some.pk).update(location=self.dice.choice([None, "", "a,b", 'x"y', "\n"]))

    def _delete(self) -> None:
        if some := self._some():
            # In either order: what refers to it is looked at when the transaction ends.
            if self.dice.random() < 0.5:
                Order.objects.filter(pk=some.pk)._raw_delete("default")
            OrderDiscount.objects.filter(order_id=some.pk)._raw_delete("default")
            OrderLine.objects.filter(order_id=some.pk)._raw_delete("default")
            Order.objects.filter(pk=some.pk)._raw_delete("default")

    def _soft_delete(self) -> None:
        if some := self._some():
            gone = None if some.deleted_at else START
            Order.objects.filter(pk=some.pk).update(deleted_at=gone)

    def _give_discount(self) -> None:
        if some := self._some():
            discount(some, 1)

    def _give_discount_to_another(self) -> None:
        given = OrderDiscount.objects.order_by("id").first()
        if given and (some := self._some()):
            OrderDiscount.objects.filter(pk=given.pk).update(order=some)

    def _touch_contact(self) -> None:
        Contact.objects.filter(pk=self._somebody().pk).update(source=self.dice.choice(["web", "shop"]))

    def _restage(self) -> None:
        LifecycleChange.objects.create(contact=self._somebody(), to_stage="lead", at=self._moment(), by="x")
        LifecycleChange.objects.filter(at__gte=self._moment()).update(from_stage="subscriber")

    def _many(self) -> None:
        Order.objects.filter(placed_at__gte=self._moment()).update(channel=self.dice.choice(["web", "phone"]))

    def _many_move(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE crm_order SET placed_at = placed_at + make_interval(days => %s) WHERE placed_at > %s",
                [self.dice.randrange(-40, 40), self._moment()],
            )

    def _many_contacts(self) -> None:
        Contact.objects.update(region=self.dice.choice(["north", "south"]))

    def _talk(self) -> None:
        Interaction.objects.create(contact=self._somebody(), channel="call", occurred_at=self._moment())

    def _happen(self) -> None:
        # Of a month that was dropped as well.
        event_partitions.ensure(MONTHS)
        Event.objects.bulk_create(
            Event(id=new_id(), name="Seen", occurred_at=self._moment(), received_at=START, contact=self._somebody())
            for _ in range(self.dice.randrange(1, 6))
        )

    def _move_event(self) -> None:
        event_partitions.ensure(MONTHS)
        if some := self.dice.choice(list(Event.objects.order_by("id")) or [None]):
            Event.objects.filter(pk=some.pk).update(occurred_at=self._moment())

    def _many_events(self) -> None:
        Event.objects.filter(occurred_at__lt=self._moment()).update(source=self.dice.choice(["app", "till"]))

    def _drop_month(self) -> None:
        if self.dice.random() < 0.3:
            event_partitions.drop_before(self.dice.choice(MONTHS), at=START)

    def _merge(self) -> None:
        winner, loser = self.dice.sample(self.contacts, 2)
        merges.merge(actor=SYSTEM, record_id=winner.pk, contact_id=loser.pk, at=START)

    def _unmerge(self) -> None:
        merges.unmerge(actor=SYSTEM, record_id=self._somebody().pk, at=START)

    def _erase(self) -> None:
        who = self._somebody()
        erasures.erase(actor=SYSTEM, record_id=who.pk, at=START, reason="asked for it", confirm=True)

    def _truncate(self) -> None:
        if self.dice.random() < 0.2:
            with connection.cursor() as cursor:
                cursor.execute(
                    self.dice.choice(
                        ["TRUNCATE crm_order CASCADE", "TRUNCATE crm_interaction CASCADE", "TRUNCATE crm_event"]
                    )
                )


class _Undo(Exception):
    pass


# What somebody beside us writes.
ELSEWHERE = (
    "UPDATE crm_order SET status = 'pending' WHERE id IN (SELECT id FROM crm_order ORDER BY random() LIMIT 2)",
    """UPDATE crm_order SET placed_at = placed_at + interval '{days} days'
    WHERE id IN (SELECT id FROM crm_order ORDER BY id LIMIT 1)""",
    """INSERT INTO crm_order_discount (id, created_at, updated_at, version, order_id, kind, amount, is_reimbursed)
    SELECT gen_random_uuid(), now(), now(), 1, id, 'coupon', 2, false FROM crm_order ORDER BY id LIMIT 1""",
    "DELETE FROM crm_order_discount WHERE id IN (SELECT id FROM crm_order_discount ORDER BY id LIMIT 1)",
    "UPDATE crm_contact SET city = 'Ghent' WHERE id IN (SELECT id FROM crm_contact ORDER BY id LIMIT 1)",
)


class Beside:
    """Another writer, whose transactions last longer than a sync, in either isolation."""

    def __init__(self, dice: random.Random, other: psycopg.Connection[Any]) -> None:
        self.dice, self.other = dice, other

    def step(self) -> None:
        """Begin, write or end, and give up where somebody stands in the way."""
        try:
            if self.other.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
                self._begin()
            self.other.execute(self.dice.choice(ELSEWHERE).format(days=self.dice.randrange(-40, 40)))
            if self.dice.random() < 0.4:
                self._end()
        except psycopg.Error:
            self.other.rollback()

    def _begin(self) -> None:
        repeatable = self.dice.random() < 0.5
        self.other.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ if repeatable else None
        self.other.execute("SET lock_timeout TO '20ms'")
        # Others' work of before this is all that a repeatable reading sees.
        self.other.execute("SELECT 1 FROM crm_order LIMIT 1")

    def _end(self) -> None:
        if self.dice.random() < 0.8:
            self.other.commit()
        else:
            self.other.rollback()


@contextmanager
def beside(dice: random.Random) -> Iterator[Beside]:
    with other_writer() as other:
        yield Beside(dice, other)
        other.rollback()
