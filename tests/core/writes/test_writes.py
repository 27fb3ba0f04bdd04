"""The one path of every write: validation, scope, versions, history, events; and what a refusal leaves behind."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import PartnerOrganisation, Team, User
from core import registry
from core.actors import SYSTEM, Actor, Visibility
from core.errors import Conflict, DomainError, Duplicate, Forbidden, Invalid, NotFound, StaleVersion
from core.history.feed import fetch
from core.models import Change, OutboxEvent
from crm.models import Company, Contact
from crm.services.companies import companies
from crm.services.contacts import contacts
from tests.support.actors import clerk

AT = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 1, 2, tzinfo=UTC)


def make(**values: Any) -> Contact:
    return contacts.create(actor=SYSTEM, values={"first_name": "Ann", **values}, at=AT)


@pytest.mark.django_db
def test_create_leaves_a_record_a_change_and_an_event() -> None:
    actor = clerk("contact", "company")
    contact = contacts.create(actor=actor, values={"first_name": " Ann ", "email": "Ann@Example.com"}, at=AT)
    contact.refresh_from_db()
    assert (contact.first_name, contact.email, contact.version) == ("Ann", "ann@example.com", 1)
    change = Change.objects.get(record_id=contact.pk)
    assert (change.operation, change.actor_id, change.actor_label, change.door) == (
        "insert",
        actor.id,
        actor.label,
        "rest",
    )
    assert change.at == AT
    assert change.after is not None
    assert change.after["email"] == "ann@example.com"
    assert OutboxEvent.objects.get(name="contact.created").payload["id"] == str(contact.pk)


@pytest.mark.django_db
def test_update_keeps_before_and_after_of_what_changed_and_nothing_else() -> None:
    contact = make(city="Bath")
    contacts.update(actor=SYSTEM, record_id=contact.pk, values={"city": "Ghent", "first_name": "Ann"}, at=LATER)
    change = Change.objects.filter(record_id=contact.pk).latest("id")
    assert (change.before, change.after) == ({"city": "Bath"}, {"city": "Ghent"})
    contact.refresh_from_db()
    assert (contact.version, contact.updated_at) == (2, LATER)


@pytest.mark.django_db
def test_an_update_that_changes_nothing_writes_nothing() -> None:
    contact = make(city="Bath")
    contacts.update(actor=SYSTEM, record_id=contact.pk, values={"city": "Bath"}, at=LATER)
    contact.refresh_from_db()
    assert contact.version == 1
    assert not OutboxEvent.objects.filter(name="contact.updated").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "pointer", "code"),
    [
        ({"shoe_size": 3}, "/shoe_size", "unknown_field"),
        ({"version": 3}, "/version", "read_only"),
        ({"email": "no"}, "/email", "invalid_email"),
        ({"phone": "12"}, "/phone", "invalid_phone"),
        ({"first_name": 3}, "/first_name", "wrong_type"),
        ({"first_name": "a\x00"}, "/first_name", "nul_character"),
        ({"first_name": "\udfff"}, "/first_name", "invalid_unicode"),
        ({"lifecycle_stage": None}, "/lifecycle_stage", "null"),
        ({"lifecycle_stage": "x"}, "/lifecycle_stage", "invalid_choice"),
        ({"company_id": str(uuid4())}, "/company_id", "not_found"),
        ({"custom": {"unheard": 1}}, "/custom/unheard", "unknown_field"),
        ({"tags": "vip"}, "/tags", "wrong_type"),
        ({"birth_date": "2026-02-30"}, "/birth_date", "invalid_date"),
    ],
)
def test_wrong_input_is_refused_with_its_place_and_nothing_is_written(values: Any, pointer: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        make(**values)
    assert [(fault.pointer, fault.code) for fault in refused.value.errors] == [(pointer, code)]
    assert not Contact.objects.exists()
    assert not Change.objects.filter(entity="contact").exists()
    assert not OutboxEvent.objects.exists()


@pytest.mark.django_db
def test_a_stale_version_is_refused() -> None:
    contact = make()
    contacts.update(actor=SYSTEM, record_id=contact.pk, values={"city": "Bath"}, at=LATER, version=1)
    for call in (
        lambda: contacts.update(actor=SYSTEM, record_id=contact.pk, values={"city": "Rome"}, at=LATER, version=1),
        lambda: contacts.delete(actor=SYSTEM, record_id=contact.pk, at=LATER, version=1),
    ):
        with pytest.raises(StaleVersion):
            call()
    contact.refresh_from_db()
    assert (contact.city, contact.deleted_at) == ("Bath", None)


@pytest.mark.django_db
def test_a_deleted_record_blocks_no_value_and_comes_back_only_if_its_value_is_free() -> None:
    first = make(email="a@example.com")
    contacts.delete(actor=SYSTEM, record_id=first.pk, at=LATER)
    second = make(email="a@example.com")
    with pytest.raises(Duplicate):
        contacts.restore(actor=SYSTEM, record_id=first.pk, at=LATER)
    contacts.delete(actor=SYSTEM, record_id=second.pk, at=LATER)
    contacts.restore(actor=SYSTEM, record_id=first.pk, at=LATER)
    first.refresh_from_db()
    assert first.deleted_at is None
    with pytest.raises(Conflict):
        contacts.restore(actor=SYSTEM, record_id=first.pk, at=LATER)
    with pytest.raises(NotFound):
        contacts.update(actor=SYSTEM, record_id=second.pk, values={"city": "x"}, at=LATER)


@pytest.mark.django_db
def test_what_is_hidden_is_not_found_and_what_is_only_seen_is_forbidden() -> None:
    contact = make()
    stranger = clerk("contact", visibility=Visibility.OWN)
    reader = clerk("contact", actions=("view",))
    with pytest.raises(NotFound):
        contacts.update(actor=stranger, record_id=contact.pk, values={"city": "x"}, at=LATER)
    with pytest.raises(Forbidden):
        contacts.update(actor=reader, record_id=contact.pk, values={"city": "x"}, at=LATER)
    contact.refresh_from_db()
    assert contact.city is None


@pytest.mark.django_db
def test_a_reference_to_a_hidden_record_is_as_one_to_nothing() -> None:
    hidden = companies.create(actor=SYSTEM, values={"name": "Hidden"}, at=AT)
    actor = clerk("contact", "company", visibility=Visibility.OWN)
    errors = []
    for company_id in (hidden.pk, uuid4()):
        with pytest.raises(Invalid) as refused:
            contacts.create(actor=actor, values={"first_name": "A", "company_id": str(company_id)}, at=AT)
        errors.append(refused.value.errors)
    assert errors[0] == errors[1]
    assert Company.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_writers_with_one_version_exactly_one_succeeds() -> None:
    contact = make()
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def write(city: str) -> None:
        try:
            barrier.wait()
            contacts.update(actor=SYSTEM, record_id=contact.pk, values={"city": city}, at=LATER, version=1)
            outcomes.append("written")
        except DomainError as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(city,)) for city in ("Bath", "Rome")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["stale_version", "written"]
    assert Change.objects.filter(record_id=contact.pk, operation="update").count() == 1


@pytest.mark.django_db
def test_bulk_writes_are_in_the_history_too() -> None:
    Contact.objects.bulk_create(Contact(first_name=f"N{i}") for i in range(50))
    Contact.objects.update(city="Bath")
    Contact.objects.all().delete()
    counts = {
        op: Change.objects.filter(entity="contact", operation=op).count() for op in ("insert", "update", "delete")
    }
    assert counts == {"insert": 50, "update": 50, "delete": 50}


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["owner_id", "team_id", "partner_id"])
def test_partners_people_do_not_take_a_record_from_who_looks_after_it(field: str) -> None:
    owner = User.objects.create_user("owner@example.com", name="Owner")
    partner = PartnerOrganisation.objects.create(name="Acme")
    contact = make(
        owner_id=str(owner.pk), team_id=str(Team.objects.create(name="North").pk), partner_id=str(partner.pk)
    )
    person = clerk("contact", visibility=Visibility.PARTNER, partner_id=partner.pk)
    with pytest.raises(Forbidden):
        contacts.update(actor=person, record_id=contact.pk, values={field: None}, at=LATER)
    same = {"owner_id": str(owner.pk), "city": "Bath"}
    assert contacts.update(actor=person, record_id=contact.pk, values=same, at=LATER).city == "Bath"


@pytest.mark.django_db
def test_the_history_shows_amounts_as_records_do() -> None:
    values = {"name": "Acme", "annual_revenue": "99999999999999.90", "custom": {}}
    company = companies.create(actor=SYSTEM, values=values, at=AT)
    page = fetch(registry.entity("company"), actor=SYSTEM, record_id=company.pk, at=AT)
    (item,) = page.items
    assert item["after"]["annual_revenue"] == "99999999999999.90"
    assert item["before"] is None


@pytest.mark.django_db
def test_a_partner_sees_no_history_of_the_partner_before() -> None:
    before, now = (PartnerOrganisation.objects.create(name=name) for name in ("Acme", "Bolt"))
    contact = make(partner_id=str(before.pk), city="Bath")
    contacts.update(actor=SYSTEM, record_id=contact.pk, values={"city": "Ghent"}, at=LATER)
    contacts.update(actor=SYSTEM, record_id=contact.pk, values={"partner_id": str(now.pk)}, at=LATER)
    contacts.update(actor=SYSTEM, record_id=contact.pk, values={"city": "Lyon"}, at=LATER)
    entity = registry.entity("contact")

    def seen(actor: Actor, **page: Any) -> list[Any]:
        return [item["after"] for item in fetch(entity, actor=actor, record_id=contact.pk, at=LATER, **page).items]

    person = clerk("contact", visibility=Visibility.PARTNER, partner_id=now.pk)
    assert seen(person) == [{"city": "Lyon"}]
    assert len(seen(SYSTEM)) == 4
    first = fetch(entity, actor=SYSTEM, record_id=contact.pk, limit=2, at=LATER)
    assert seen(person, after=first.next_cursor) == []
