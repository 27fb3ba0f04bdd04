"""Whatever happens to the database, the lake is equal to it after a sync: random writes, kills, writers beside it."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from analytics.lake import copying, syncing
from core.models import DirtyMonth
from crm.models import Contact, Interaction, Order, OrderDiscount, OrderLine
from tests.analytics.support import contact, differing, discount, line, order, other_writer

pytestmark = pytest.mark.django_db(transaction=True)

START = datetime(2025, 1, 1, tzinfo=UTC)


class Kill(BaseException):
    """The worker is killed here."""


class World:
    """A customer record that changes at random."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.contacts = [contact() for _ in range(4)]

    def step(self) -> None:
        """One write, of one row or of many, sometimes rolled back."""
        writes: list[Callable[[], object]] = [
            self._buy, self._buy, self._move, self._edit, self._delete, self._soft_delete, self._give_discount,
            self._touch_contact, self._many, self._talk,
        ]  # fmt: skip
        with suppress(_Undo), transaction.atomic():
            self.dice.choice(writes)()
            if self.dice.random() < 0.1:
                raise _Undo

    def _moment(self) -> datetime:
        return START + timedelta(days=self.dice.randrange(200), seconds=self.dice.randrange(86_400))

    def _buy(self) -> None:
        bought = order(self.dice.choice(self.contacts), self._moment(), Decimal(self.dice.randrange(10_000)) / 100)
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
            OrderDiscount.objects.filter(order=some).delete()
            OrderLine.objects.filter(order=some).delete()
            some.delete()

    def _soft_delete(self) -> None:
        if some := self._some():
            gone = None if some.deleted_at else START
            Order.objects.filter(pk=some.pk).update(deleted_at=gone)

    def _give_discount(self) -> None:
        if some := self._some():
            discount(some, 1)

    def _touch_contact(self) -> None:
        Contact.objects.filter(pk=self.dice.choice(self.contacts).pk).update(source=self.dice.choice(["web", "shop"]))

    def _many(self) -> None:
        Order.objects.filter(placed_at__gte=self._moment()).update(channel=self.dice.choice(["web", "phone"]))

    def _talk(self) -> None:
        Interaction.objects.create(contact=self.dice.choice(self.contacts), channel="call", occurred_at=self._moment())


class _Undo(Exception):
    pass


def _killed_somewhere(dice: random.Random, patch: pytest.MonkeyPatch) -> None:
    """A sync that is killed after a number of calls somewhere inside."""
    module, name = dice.choice([(copying, "_unload"), (copying, "_csv"), (copying, "_write"), (syncing, "_record")])
    real = getattr(module, name)
    left = [dice.randrange(3)]

    def deadly(*arguments: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise Kill
        answer = real(*arguments)
        if left[0] == 0 and dice.random() < 0.5:
            raise Kill
        return answer

    with patch.context() as broken, suppress(Kill):
        broken.setattr(module, name, deadly)
        syncing.sync(at=START)


@pytest.mark.parametrize("seed", range(5))
def test_equal_after_every_sync(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    DirtyMonth.objects.all().delete()
    world = World(seed)
    for _ in range(6):
        for _ in range(world.dice.randrange(1, 8)):
            world.step()
        if world.dice.random() < 0.6:
            _killed_somewhere(world.dice, monkeypatch)
        with other_writer() as other:
            # Begun before the sync and committed after it: not in this one, and certainly in the next.
            other.execute("UPDATE crm_order SET status = 'pending' WHERE id IN (SELECT id FROM crm_order LIMIT 2)")
            syncing.sync(at=START)
            assert differing() == []
            other.commit()
    syncing.sync(at=START)
    assert differing() == []
    assert not DirtyMonth.objects.exists()
