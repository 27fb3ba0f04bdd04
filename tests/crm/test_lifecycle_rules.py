from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from core import clock, registry
from core.actors import SYSTEM, ActorKind
from core.errors import Invalid
from core.events import relay
from core.models import OutboxEvent
from core.writes import batch
from crm.errors import InUse
from crm.models import Contact, LifecycleChange, LifecycleRule, LifeEventKind
from crm.services import identity
from crm.services.events import events
from crm.services.life_events import life_event_kinds, life_events
from crm.services.lifecycle_rules import lifecycle_rules
from crm.services.orders import orders
from crm.services.referrals import referrals
from crm.services.touches import touches
from tests.crm import make
from tests.support.actors import clerk
from tests.support.samples import Samples

pytestmark = pytest.mark.django_db


@pytest.fixture
def bare(db: None) -> None:
    """Without the rules that the product brings."""
    LifecycleRule.objects.all().delete()


def rule(at: datetime, **values: Any) -> LifecycleRule:
    given = {"name": f"Rule {LifecycleRule.objects.count()}", "to_stage": "customer", **values}
    return lifecycle_rules.create(actor=SYSTEM, values=given, at=at)


def steps(contact: Contact) -> list[tuple[str, str]]:
    """To which stages, and by whom, after the first; once everything is handed over."""
    relay.hand_over(at=clock.now(), limit=500)
    found = LifecycleChange.objects.filter(contact=contact, from_stage__isnull=False).order_by("created_at", "id")
    return list(found.values_list("to_stage", "by"))


def happen(at: datetime, contact: Contact, name: str = "Signed Up", **values: Any) -> None:
    given = {"name": name, "contact_id": str(contact.pk), "occurred_at": at.isoformat(), **values}
    events.create(actor=SYSTEM, values=given, at=at + timedelta(days=1))


def order(at: datetime, contact: Contact, **values: Any) -> Any:
    return make.order(at, contact_id=str(contact.pk), lines=[{"description": "x", "unit_price": "9"}], **values)


def test_the_first_order_makes_a_customer_out_of_the_box(at: datetime, contact: Contact) -> None:
    order(at, contact)
    assert steps(contact) == [("customer", "Rule: The first order makes a customer")]
    contact.refresh_from_db()
    assert (contact.lifecycle_stage, contact.version) == ("customer", 2)
    assert OutboxEvent.objects.filter(name="contact.stage_changed").count() == 1
    order(at, contact)
    assert len(steps(contact)) == 1
    assert LifecycleRule.objects.filter(is_active=True).count() == 1


def test_orders_are_counted_as_they_were_entered_however_late_we_are_told(
    at: datetime, contact: Contact, bare: None
) -> None:
    second = rule(at, trigger="order", order_count=2, to_stage="evangelist")
    first = rule(at, trigger="order", order_count=1)
    cancelled = order(at, contact)
    orders.update(actor=SYSTEM, record_id=cancelled.pk, values={"status": "cancelled"}, at=at)
    for day in (3, 1, 2):
        order(at + timedelta(days=day), contact)
    assert steps(contact) == [("customer", f"Rule: {first.name}"), ("evangelist", f"Rule: {second.name}")]


def test_events_alone_and_in_batches_set_rules_off_once(at: datetime, contact: Contact, bare: None) -> None:
    rule(at, trigger="event", match="Signed Up", to_stage="sales_qualified")
    rule(at, trigger="event", match="Won", to_stage="evangelist")
    happen(at, contact, name="Page Viewed")
    assert steps(contact) == []
    happen(at, contact, message_id="m")
    happen(at, contact, message_id="m")
    items = [
        {"action": "create", "values": {"name": name, "contact_id": str(contact.pk), "occurred_at": at.isoformat()}}
        for name in ("Page Viewed", "Won")
    ]
    batch.run(registry.entity("event"), actor=SYSTEM, at=at, items=items)
    assert [stage for stage, _ in steps(contact)] == ["sales_qualified", "evangelist"]
    assert LifecycleChange.objects.filter(contact=contact).order_by("-created_at", "-id")[0].at == at
    # Handed over again, as after a kill: nothing more happens.
    OutboxEvent.objects.filter(done__contains=["crm.lifecycle.event"]).update(handed_at=None)
    assert len(steps(contact)) == 2


def test_of_several_rules_the_lowest_rank_applies_and_no_other(at: datetime, contact: Contact, bare: None) -> None:
    rule(at, trigger="event", rank=20, to_stage="evangelist")
    rule(at, trigger="event", rank=5, to_stage="customer", is_active=False)
    rule(at, trigger="event", rank=10, to_stage="opportunity")
    happen(at, contact)
    assert [stage for stage, _ in steps(contact)] == ["opportunity"]


def test_rules_do_not_set_each_other_off(at: datetime, contact: Contact, bare: None) -> None:
    rule(at, trigger="event", from_stages=["lead"], to_stage="customer", forward_only=False, rank=1)
    rule(at, trigger="event", from_stages=["customer"], to_stage="lead", forward_only=False, rank=2)
    happen(at, contact)
    assert [stage for stage, _ in steps(contact)] == ["customer"]
    assert steps(contact) == steps(contact)
    happen(at, contact)
    assert [stage for stage, _ in steps(contact)] == ["customer", "lead"]


@pytest.mark.parametrize(
    ("values", "stage", "reached"),
    [
        ({"to_stage": "lead"}, "customer", "customer"),
        ({"to_stage": "lead", "forward_only": False}, "customer", "lead"),
        ({"to_stage": "customer"}, "other", "other"),
        ({"to_stage": "other", "forward_only": False}, "lead", "other"),
        ({"to_stage": "customer", "from_stages": ["opportunity"]}, "lead", "lead"),
        ({"to_stage": "customer", "from_stages": ["opportunity", "lead"]}, "lead", "customer"),
        ({"criteria": {"field": "country", "value": "BE"}}, "lead", "customer"),
        ({"criteria": {"field": "country", "value": "FR"}}, "lead", "lead"),
        ({"criteria": {"field": "life_events", "op": "none"}}, "lead", "customer"),
    ],
)
def test_where_a_rule_applies(at: datetime, bare: None, values: Any, stage: str, reached: str) -> None:
    rule(at, trigger="event", **values)
    contact = make.contact(at, last_name="Elm", lifecycle_stage=stage, country="BE")
    happen(at, contact)
    steps(contact)
    contact.refresh_from_db()
    assert contact.lifecycle_stage == reached


def test_life_events_touches_and_converted_referrals_set_rules_off(at: datetime, bare: None) -> None:
    for trigger, match in (("life_event", "move"), ("touch", "fair"), ("referral", None)):
        rule(at, trigger=trigger, match=match)
    moved, met, referrer, friend = [make.contact(at, last_name=name) for name in ("A", "B", "C", "D")]
    for kind in ("birth", "move"):
        values = {"contact_id": str(moved.pk), "kind": kind, "occurred_on": "2026-02-01"}
        life_events.create(actor=SYSTEM, values=values, at=at)
    values = {"contact_id": str(met.pk), "source": "fair", "occurred_at": at.isoformat()}
    touches.create(actor=SYSTEM, values=values, at=at)
    values = {"referrer_id": str(referrer.pk), "referred_id": str(friend.pk), "occurred_at": at.isoformat()}
    made = referrals.create(actor=SYSTEM, values=values, at=at)
    assert steps(referrer) == []
    referrals.update(actor=SYSTEM, record_id=made.pk, values={"status": "converted"}, at=at)
    assert [len(steps(one)) for one in (moved, met, referrer, friend)] == [1, 1, 1, 0]


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"trigger": "event", "criteria": {"field": "shoe", "value": 1}}, "/criteria/field"),
        ({"trigger": "event", "criteria": {"and": [{"field": "city", "op": "x", "value": 1}]}}, "/criteria/and/0/op"),
        ({"trigger": "event", "order_count": 1}, "/order_count"),
        ({"trigger": "order", "match": "x"}, "/match"),
        ({"trigger": "life_event", "match": "no_such_kind"}, "/match"),
        ({"trigger": "event", "from_stages": ["lead", "nowhere"]}, "/from_stages"),
        ({"trigger": "moon"}, "/trigger"),
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused(at: datetime, bare: None, values: Any, pointer: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rule(at, **values)
    assert [error.pointer for error in refusal.value.errors] == [pointer]
    assert not LifecycleRule.objects.exists()


def test_criteria_see_what_their_author_may_see(at: datetime, bare: None, contact: Contact) -> None:
    blind = clerk("lifecycle_rule", "contact", user_id=uuid4())
    values = {"name": "x", "trigger": "event", "to_stage": "customer", "criteria": {"field": "orders"}}
    with pytest.raises(Invalid) as refusal:
        lifecycle_rules.create(actor=blind, values=values, at=at)
    assert refusal.value.errors[0].code == "forbidden_field"
    made = rule(at, trigger="event", criteria={"field": "country", "op": "is_null", "value": True})
    author = Samples().make("user")
    # Without any role, its author sees no contact: neither do the criteria.
    LifecycleRule.objects.filter(pk=made.pk).update(author=author.pk)
    happen(at, contact)
    assert steps(contact) == []


def test_criteria_without_an_author_are_never_met(at: datetime, bare: None, contact: Contact) -> None:
    """Neither those of an account that is gone, nor the system's own once somebody else wrote them anew."""
    author = Samples().make("user")
    wanted = {"field": "country", "op": "is_null", "value": True}
    made = rule(at, trigger="event", criteria=wanted)
    assert (made.author_id, made.by_system) == (None, True)
    writer = replace(SYSTEM, kind=ActorKind.USER, user_id=author.pk)
    lifecycle_rules.update(actor=writer, record_id=made.pk, values={"criteria": {"not": wanted}}, at=at)
    lifecycle_rules.update(actor=writer, record_id=made.pk, values={"criteria": wanted}, at=at)
    made.refresh_from_db()
    assert (made.author_id, made.by_system) == (author.pk, False)
    LifecycleRule.objects.filter(pk=made.pk).update(author=None)
    happen(at, contact)
    assert steps(contact) == []
    program = replace(SYSTEM, kind=ActorKind.OAUTH_CLIENT, user_id=None)
    with pytest.raises(Invalid) as refusal:
        lifecycle_rules.update(actor=program, record_id=made.pk, values={"criteria": {"not": wanted}}, at=at)
    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/criteria", "needs_author")]


def test_what_is_only_later_tied_to_a_contact_sets_nothing_off(at: datetime, bare: None, contact: Contact) -> None:
    """Else untying would have to undo what the rule did; what comes with its contact sets it off."""
    rule(at, trigger="event", match="Demo", to_stage="opportunity")
    anonymous = {"name": "Demo", "anonymous_id": "v-1"}
    events.create(actor=SYSTEM, values=anonymous, at=at)
    assert steps(contact) == []
    identity.identify(actor=SYSTEM, record_id=contact.pk, at=at, anonymous_id="v-1")
    assert steps(contact) == []
    events.create_set(actor=SYSTEM, items=[anonymous], at=at)
    assert [stage for stage, _ in steps(contact)] == ["opportunity"]


def test_kinds_of_life_events_are_the_organisations_own(at: datetime, contact: Contact) -> None:
    values = {"contact_id": str(contact.pk), "kind": "first_car", "occurred_on": "2026-02-01"}
    with pytest.raises(Invalid) as refusal:
        life_events.create(actor=SYSTEM, values=values, at=at)
    assert refusal.value.errors[0].pointer == "/kind"
    kind = life_event_kinds.create(actor=SYSTEM, values={"key": "first_car", "name": "First car"}, at=at)
    made = life_events.create(actor=SYSTEM, values=values, at=at)
    assert (made.confidence, made.occurred_at.isoformat()) == (1, "2026-02-01T00:00:00+00:00")
    with pytest.raises(InUse):
        life_event_kinds.delete(actor=SYSTEM, record_id=kind.pk, at=at)
    life_events.delete(actor=SYSTEM, record_id=made.pk, at=at)
    life_event_kinds.delete(actor=SYSTEM, record_id=kind.pk, at=at)
    with pytest.raises(Invalid):
        life_events.restore(actor=SYSTEM, record_id=made.pk, at=at)
    with pytest.raises(InUse):
        life_event_kinds.delete(actor=SYSTEM, record_id=LifeEventKind.objects.get(key="new_job").pk, at=at)
    for confidence in ("1.01", "-0.1"):
        with pytest.raises(Invalid):
            life_events.create(actor=SYSTEM, values=values | {"kind": "move", "confidence": confidence}, at=at)
