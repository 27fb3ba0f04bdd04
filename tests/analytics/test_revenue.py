"""Revenue by month: the stored result, added up as far as a person sees, is what the database says of their orders."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from accounts.models import Team, User
from analytics.errors import NotComputedYet
from analytics.selectors import revenue
from analytics.services import computation, recompute
from core.actors import SYSTEM, Actor, Visibility
from core.errors import Forbidden
from crm.models import Company, Order
from tests.analytics.support import contact, order
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 15, tzinfo=UTC)


def compute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recompute, "send", list[UUID]().append)
    assert computation.carry_out(job_id=recompute.request(actor=SYSTEM, at=AT).pk)


def found(actor: Actor) -> dict[tuple[str, str], tuple[int, Decimal]]:
    months, _ = revenue.by_month(actor=actor, at=AT)
    return {(item.month, item.currency): (item.orders, item.revenue) for item in months}


def plainly(actor: Actor) -> dict[tuple[str, str], tuple[int, Decimal]]:
    """One order after the other, as the actor is shown them."""
    added: dict[tuple[str, str], Any] = defaultdict(lambda: (0, Decimal(0)))
    for row in Order.objects.visible_to(actor).alive().exclude(status="cancelled").filter(placed_at__lte=AT).distinct():
        if row.placed_at < datetime(2025, 3, 1, tzinfo=UTC):
            continue
        key = (row.placed_at.strftime("%Y-%m-01"), row.currency)
        orders, net = added[key]
        added[key] = (orders + 1, net + row.total - row.returned_total)
    return dict(added)


def test_everybody_adds_up_what_they_see(monkeypatch: pytest.MonkeyPatch) -> None:
    teams = [Team.objects.create(name=name) for name in ("North", "South")]
    users = [User.objects.create_user(f"u{number}@example.com", team=teams[number % 2]) for number in range(3)]
    firm = Company.objects.create(name="Firm", owner=users[0], team=teams[0])
    people = [contact(owner=users[number % 3], team=teams[number % 2]) for number in range(6)]
    people.append(contact())
    for number, person in enumerate(people * 3):
        placed = AT - timedelta(days=37 * number)
        kept = {"company": firm} if number % 4 == 0 else {}
        order(person, placed, 100 + number, number % 7, currency="EUR" if number % 5 == 0 else "USD", **kept)
    order(people[0], AT - timedelta(days=1), 500, status="cancelled")
    order(people[0], AT + timedelta(days=1), 500)
    compute(monkeypatch)
    actors = [SYSTEM, clerk("order", user_id=users[0].pk), clerk("order", visibility=Visibility.OWN)]
    for user in users:
        actors.append(clerk("order", visibility=Visibility.OWN, user_id=user.pk))
        reach = frozenset({user.team_id})
        actors.append(clerk("order", visibility=Visibility.TEAM, user_id=user.pk, team_ids=reach))
    answers = [found(actor) for actor in actors]
    assert answers == [plainly(actor) for actor in actors]
    assert len({repr(answer) for answer in answers}) > 3
    assert answers[2] == {}


def test_without_a_result_or_a_grant_there_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotComputedYet):
        revenue.by_month(actor=SYSTEM, at=AT)
    with pytest.raises(Forbidden):
        revenue.by_month(actor=clerk("contact"), at=AT)
    compute(monkeypatch)
    assert found(SYSTEM) == {}
