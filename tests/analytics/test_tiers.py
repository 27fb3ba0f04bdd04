"""Tiers: hysteresis against a plain computation, configuration that is refused, history told once."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from analytics.models import ContactMetrics, TierChange, TierRule
from analytics.services import computation, recompute
from analytics.services.tiers import TIER_CHANGED, tier_rules
from core.actors import SYSTEM
from core.errors import DomainError, Invalid
from core.models.outbox import OutboxEvent
from tests.analytics.definitions.people import counted, net, random_contacts, random_orders
from tests.analytics.definitions.tables import AS_OF, Tables
from tests.analytics.support import contact, order

AT = datetime(2026, 3, 1, tzinfo=UTC)
SILVER = {"id": "r1", "name": "Silver", "rank": 1, "measure": "revenue", "basis": "amount", "window_days": 90,
          "enter_at": Decimal(100), "stay_at": Decimal(50)}  # fmt: skip
GOLD = {"id": "r2", "name": "Gold", "rank": 2, "measure": "revenue", "basis": "percentile", "window_days": None,
        "enter_at": Decimal(80), "stay_at": Decimal(60)}  # fmt: skip


def _plain(contacts: Any, orders: Any, before: dict[str, str]) -> dict[str, str]:
    """By contact the tier."""

    def measured(rule: dict[str, Any]) -> dict[str, Decimal]:
        amounts: dict[str, Decimal] = {}
        for each in counted(orders, contacts):
            days = (AS_OF.date() - each["placed_at"].date()).days
            worth = net(each)
            if worth is not None and (rule["window_days"] is None or days < rule["window_days"]):
                amounts[each["contact_id"]] = amounts.get(each["contact_id"], Decimal(0)) + worth
        return amounts

    found: dict[str, str] = {}
    ranks = {"Silver": 1, "Gold": 2}
    for rule in (SILVER, GOLD):
        amounts = measured(rule)
        for who, amount in amounts.items():
            below = sum(other < amount for other in amounts.values())
            reached = amount if rule["basis"] == "amount" else Decimal(100 * below) / len(amounts)
            stays = ranks.get(before.get(who, ""), 0) >= rule["rank"] and reached >= rule["stay_at"]
            if reached >= rule["enter_at"] or stays:
                found[who] = rule["name"]
    return found


@pytest.mark.parametrize("seed", range(25))
def test_random_customers_against_a_plain_computation(seed: int) -> None:
    dice = random.Random(seed)
    contacts = random_contacts(dice)
    orders = random_orders(dice, contacts)
    before = {each["id"]: dice.choice(["Silver", "Gold", "Gone"]) for each in contacts if dice.random() < 0.6}
    since = AS_OF - timedelta(days=3)
    changes = [
        {"id": f"h-{who}-{late}", "contact_id": who, "to_tier": "Silver" if late else tier,
         "at": AS_OF if late else since}
        for who, tier in before.items()
        for late in (False, True)
    ]  # fmt: skip
    given = {"contacts": contacts, "orders": orders, "tier_rules": [SILVER, GOLD], "tier_changes": changes}
    rows = {row["contact_id"]: row for row in Tables(given).rows("customer_tiers")}
    assert {who: row["tier"] for who, row in rows.items()} == _plain(contacts, orders, before)
    for who, row in rows.items():
        kept = before.get(who) == row["tier"]
        assert row["tier_since"] == (since if kept else AS_OF).replace(tzinfo=None)
    # Asked again with what it found as the tiers before, it finds the same.
    again = [{"id": f"i-{who}", "contact_id": who, "to_tier": row["tier"], "at": since} for who, row in rows.items()]
    second = Tables({**given, "tier_changes": again}).rows("customer_tiers")
    assert {row["contact_id"]: row["tier"] for row in second} == {who: row["tier"] for who, row in rows.items()}


def test_without_rules_or_orders_nobody_has_a_tier() -> None:
    assert Tables({"contacts": [{"id": "c1"}], "tier_rules": [SILVER, GOLD]}).rows("customer_tiers") == []
    assert Tables({"contacts": [{"id": "c1"}]}).rows("customer_tiers") == []


def _rule(name: str, rank: int, enter_at: str, stay_at: str, **values: Any) -> TierRule:
    values = {"name": name, "rank": rank, "measure": "revenue", "basis": "amount", "enter_at": enter_at,
              "stay_at": stay_at, **values}  # fmt: skip
    return tier_rules.create(actor=SYSTEM, values=values, at=AT)


@pytest.mark.django_db
def test_what_makes_no_sense_is_refused() -> None:
    TierRule.objects.all().delete()
    _rule("Basic", 1, "10", "5")
    with pytest.raises(Invalid) as refusal:
        _rule("Hard to keep", 2, "20", "21")
    assert refusal.value.errors[0].pointer == "/stay_at"
    with pytest.raises(Invalid) as refusal:
        _rule("Easier than below", 2, "9", "1")
    assert refusal.value.errors[0].code == "out_of_order"
    with pytest.raises(Invalid) as refusal:
        _rule("More than all", 2, "100", "1", basis="percentile")
    assert refusal.value.errors[0].pointer == "/enter_at"
    with pytest.raises(DomainError):
        _rule("Same rank", 1, "30", "5")
    assert TierRule.objects.alive().count() == 1


def _recompute(as_of: datetime) -> None:
    job = recompute.request(actor=SYSTEM, at=AT + timedelta(days=400), as_of=as_of)
    assert computation.carry_out(job_id=job.pk)


@pytest.mark.django_db(transaction=True)
def test_history_is_told_once_and_goes_forwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recompute, "send", list[UUID]().append)
    TierRule.objects.all().delete()
    _rule("Good", 1, "100", "50", window_days=365)
    who = contact()
    order(who, AT - timedelta(days=1), 60)
    order(who, AT - timedelta(days=200), 60)
    contact()
    _recompute(AT)
    _recompute(AT)
    assert ContactMetrics.objects.get(contact=who).tier == "Good"
    assert [(each.from_tier, each.to_tier, each.at) for each in TierChange.objects.all()] == [(None, "Good", AT)]
    # After 200 days more the older order is out of the window: 60 is enough to stay.
    _recompute(AT + timedelta(days=200))
    found = ContactMetrics.objects.get(contact=who)
    assert (found.tier, found.tier_since) == ("Good", AT)
    # One that looks back further than the last change tells nothing.
    _recompute(AT - timedelta(days=100))
    assert ContactMetrics.objects.get(contact=who).tier is None
    assert TierChange.objects.count() == 1
    _recompute(AT + timedelta(days=366))
    assert list(TierChange.objects.order_by("at").values_list("from_tier", "to_tier")) == [
        (None, "Good"), ("Good", None),
    ]  # fmt: skip
    assert OutboxEvent.objects.filter(name=TIER_CHANGED).count() == 2
