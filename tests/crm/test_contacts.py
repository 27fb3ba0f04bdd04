from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from accounts.services.partners import partner_organisations
from core import registry
from core.actors import SYSTEM, Actor, Visibility
from core.errors import Conflict, Duplicate, Forbidden, Invalid
from core.models import Change, OutboxEvent
from crm.models import Contact, LifecycleChange
from crm.services.contacts import contacts
from crm.services.interactions import interactions
from tests.crm import make
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db


def names(**values: str | None) -> str | None:
    return Contact(**values).first_name


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"first_name": "Ada", "last_name": "Alder"}, "Ada Alder"),
        ({"last_name": "Alder"}, "Alder"),
        ({"first_name": " Ada "}, "Ada"),
        ({"email": "x@example.com"}, "x@example.com"),
        ({"phone": "+4930123456"}, None),
    ],
)
def test_the_name_is_made_by_the_database(at: datetime, values: dict[str, str], name: str | None) -> None:
    made = make.contact(at, **values)
    assert Contact.objects.get(pk=made.pk).name == name


def test_an_address_is_kept_in_lower_case_and_once(at: datetime, contact: Contact) -> None:
    with pytest.raises(Duplicate) as refusal:
        make.contact(at, email="ADA@Example.com")
    assert refusal.value.data["fields"] == ["email"]
    assert Contact.objects.count() == 1
    assert not OutboxEvent.objects.exclude(payload__id=str(contact.pk)).exists()


def test_a_deleted_contact_blocks_no_address_and_cannot_take_it_back(at: datetime, contact: Contact) -> None:
    contacts.delete(actor=SYSTEM, record_id=contact.pk, at=at)
    make.contact(at, email="ada@example.com", external_id="1")
    with pytest.raises(Duplicate):
        contacts.restore(actor=SYSTEM, record_id=contact.pk, at=at)
    contact.refresh_from_db()
    assert contact.deleted_at == at


def test_a_contact_comes_back_as_it_was(at: datetime, contact: Contact) -> None:
    contacts.delete(actor=SYSTEM, record_id=contact.pk, at=at)
    contacts.restore(actor=SYSTEM, record_id=contact.pk, at=at)
    contact.refresh_from_db()
    assert (contact.deleted_at, contact.email, contact.version) == (None, "ada@example.com", 3)
    with pytest.raises(Conflict):
        contacts.restore(actor=SYSTEM, record_id=contact.pk, at=at)


def test_every_step_of_the_lifecycle_is_kept(at: datetime, contact: Contact) -> None:
    contacts.update(actor=SYSTEM, record_id=contact.pk, values={"lifecycle_stage": "opportunity"}, at=at)
    later = at + timedelta(days=2)
    contacts.change_stage(
        actor=SYSTEM, record_id=contact.pk, at=later, lifecycle_stage="customer", changed_at=at + timedelta(days=1)
    )
    steps = LifecycleChange.objects.order_by("at", "id").values_list("from_stage", "to_stage", "at")
    assert list(steps) == [
        (None, "lead", at),
        ("lead", "opportunity", at),
        ("opportunity", "customer", at + timedelta(days=1)),
    ]
    told = OutboxEvent.objects.filter(name="contact.stage_changed").order_by("sequence")
    assert [event.payload["to"] for event in told] == ["opportunity", "customer"]


def test_the_same_stage_again_is_no_step(at: datetime, contact: Contact) -> None:
    contacts.change_stage(actor=SYSTEM, record_id=contact.pk, at=at, lifecycle_stage="lead")
    contact.refresh_from_db()
    assert contact.version == 1
    assert LifecycleChange.objects.count() == 1


def test_a_step_in_the_future_is_refused(at: datetime, contact: Contact) -> None:
    with pytest.raises(Invalid):
        contacts.change_stage(
            actor=SYSTEM, record_id=contact.pk, at=at, lifecycle_stage="customer", changed_at=at + timedelta(days=1)
        )
    assert LifecycleChange.objects.count() == 1


def test_a_stage_is_changed_only_by_those_who_may(at: datetime, contact: Contact) -> None:
    reader = clerk("contact", actions=("view",))
    with pytest.raises(Forbidden):
        contacts.change_stage(actor=reader, record_id=contact.pk, at=at, lifecycle_stage="customer")
    contact.refresh_from_db()
    assert contact.lifecycle_stage == "lead"


def test_the_history_tells_who_and_what(at: datetime, contact: Contact) -> None:
    writer = clerk("contact")
    contacts.update(actor=writer, record_id=contact.pk, values={"city": "Bonn"}, at=at)
    change = Change.objects.filter(record_id=contact.pk, operation="update").get()
    assert (change.before, change.after) == ({"city": None}, {"city": "Bonn"})
    assert (change.actor_label, change.door) == (writer.label, "rest")


def partner(at: datetime, name: str) -> UUID:
    return partner_organisations.create(actor=SYSTEM, values={"name": name}, at=at).pk


def fed(entity: str, feed: str, record_id: UUID, actor: Actor, at: datetime) -> list[dict[str, object]]:
    found = next(item for item in registry.entity(entity).feeds if item.name == feed)
    return list(found.fetch(actor=actor, record_id=record_id, at=at).items)


def test_who_did_it_is_not_told_to_the_next_partner(at: datetime) -> None:
    before, now = partner(at, "Alder"), partner(at, "Birch")
    first, person = (
        clerk("contact", "lifecycle_change", visibility=Visibility.PARTNER, partner_id=one) for one in (before, now)
    )
    customer = contacts.create(actor=first, values={"last_name": "Elm"}, at=at)
    contacts.update(actor=SYSTEM, record_id=customer.pk, values={"partner_id": str(now)}, at=at)
    assert LifecycleChange.objects.get().by == first.label
    assert [item["detail"] for item in fed("contact", "timeline", customer.pk, person, at)] == [
        {"from_stage": None, "to_stage": "lead"}
    ]
    (ours,) = fed("contact", "timeline", customer.pk, SYSTEM, at)
    assert ours["detail"] == {"from_stage": None, "to_stage": "lead", "by": first.label}


@pytest.mark.parametrize("way", ["handed over", "moved"])
def test_a_partner_sees_no_history_of_what_came_with_the_contact(at: datetime, way: str) -> None:
    before, now = partner(at, "Alder"), partner(at, "Birch")
    theirs, ours = make.contact(at, partner_id=str(before)), make.contact(at, partner_id=str(now))
    said = make.interaction(at, contact_id=str(theirs.pk), subject="Secret")
    if way == "handed over":
        contacts.update(actor=SYSTEM, record_id=theirs.pk, values={"partner_id": str(now)}, at=at)
    else:
        interactions.update(actor=SYSTEM, record_id=said.pk, values={"contact_id": str(ours.pk)}, at=at)
    interactions.update(actor=SYSTEM, record_id=said.pk, values={"subject": "Plain"}, at=at)
    interactions.update(actor=SYSTEM, record_id=said.pk, values={"subject": "Plainer"}, at=at)
    person = clerk("interaction", visibility=Visibility.PARTNER, partner_id=now)
    shown = fed("interaction", "history", said.pk, person, at)
    assert [row["after"] for row in shown] == [{"subject": "Plainer"}, {"subject": "Plain"}]
    assert len(fed("interaction", "history", said.pk, SYSTEM, at)) == 3 + (way == "moved")
