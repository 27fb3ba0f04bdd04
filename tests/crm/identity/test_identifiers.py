"""What a contact is known by: mirrors of its own columns, further identifiers, and what they lead to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from psycopg.errors import UniqueViolation

from core.actors import SYSTEM, Visibility
from core.errors import Duplicate, Forbidden, Invalid
from core.ids import new_id
from core.models import Change
from crm.errors import IdentifierTaken, PrimaryIdentifier
from crm.models import Contact, Identifier
from crm.selectors import identifiers as selector
from crm.services import identity
from crm.services.contacts import contacts
from crm.services.identifiers import identifiers
from tests.crm import make
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db

OWN = {"email": "bo@example.com", "phone": "+4930123456", "external_id": "B-1"}


def mirrors(contact: Contact, *, deleted: bool = False) -> dict[str, str]:
    rows = Identifier.objects.filter(contact=contact, is_primary=True, deleted_at__isnull=not deleted)
    return dict(rows.values_list("kind", "value"))


def further(at: datetime, contact: Contact, kind: str, value: str, **given: Any) -> Identifier:
    values = {"contact_id": str(contact.pk), "kind": kind, "value": value, **given}
    return identifiers.create(actor=SYSTEM, values=values, at=at)


def test_the_contacts_own_columns_are_identifiers(at: datetime) -> None:
    made = make.contact(at, **OWN)
    assert mirrors(made) == OWN
    contacts.update(actor=SYSTEM, record_id=made.pk, values={"email": "new@example.com", "phone": None}, at=at)
    assert mirrors(made) == {"email": "new@example.com", "external_id": "B-1"}
    contacts.delete(actor=SYSTEM, record_id=made.pk, at=at)
    assert mirrors(made) == {}
    assert mirrors(made, deleted=True) == {"email": "new@example.com", "external_id": "B-1"}
    contacts.restore(actor=SYSTEM, record_id=made.pk, at=at)
    assert mirrors(made) == {"email": "new@example.com", "external_id": "B-1"}
    assert not Change.objects.filter(entity="identifier").exists()


def _copy(at: datetime, rows: list[tuple[Any, str]]) -> None:
    needed = [column.attname for column in Contact._meta.concrete_fields if not (column.null or column.generated)]
    made = [Contact(id=key, email=email, created_at=at, updated_at=at) for key, email in rows]
    columns = ", ".join([*needed, "email"])
    with connection.cursor() as cursor, cursor.copy(f"COPY crm_contact ({columns}) FROM STDIN") as copy:
        for row in made:
            values = [getattr(row, name) for name in (*needed, "email")]
            copy.write_row(["{}" if value in ([], {}) else value for value in values])


def test_bulk_writes_and_sql_are_mirrored_too(at: datetime) -> None:
    keys = [new_id() for _ in range(3)]
    _copy(at, [(key, f"c{index}@example.com") for index, key in enumerate(keys)])
    assert Identifier.objects.filter(contact__in=keys, kind="email").count() == 3
    Contact.objects.filter(pk__in=keys).update(phone="+4930999")
    assert Identifier.objects.filter(contact__in=keys, kind="phone", value="+4930999").count() == 3
    before = list(Identifier.objects.filter(contact__in=keys).order_by("id").values())
    Contact.objects.filter(pk__in=keys).update(email=None)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE crm_contact SET email = 'c' || n || '@example.com' FROM unnest(%s::uuid[]) "
            "WITH ORDINALITY AS k (key, m), LATERAL (SELECT m - 1 AS n) AS x WHERE id = k.key",
            [keys],
        )
        assert list(Identifier.objects.filter(contact__in=keys).order_by("id").values()) == before
        cursor.execute("DELETE FROM crm_contact WHERE id = ANY(%s)", [keys])
    assert not Identifier.objects.filter(contact__in=keys).exists()


def test_a_further_address_of_one_is_no_address_of_another(at: datetime, contact: Contact) -> None:
    further(at, contact, "email", "Ada.Alder@Work.Example.com")
    with pytest.raises(Duplicate) as refusal, transaction.atomic():
        make.contact(at, email="ada.alder@work.example.com")
    assert [(fault.pointer, fault.code) for fault in refusal.value.errors] == [("/email", "duplicate")]
    other = make.contact(at, last_name="Other")
    with pytest.raises(Duplicate) as refusal, transaction.atomic():
        contacts.update(actor=SYSTEM, record_id=other.pk, values={"email": "ada.alder@work.example.com"}, at=at)
    assert refusal.value.errors[0].pointer == "/email"
    with pytest.raises(UniqueViolation), transaction.atomic():
        _copy(at, [(new_id(), "ada.alder@work.example.com")])
    with pytest.raises(Duplicate) as refusal, transaction.atomic():
        further(at, other, "email", "ada@example.com")
    assert refusal.value.errors[0].pointer == "/value"
    assert Contact.objects.count() == 2


def test_a_further_address_that_becomes_its_own_is_one_row(at: datetime, contact: Contact) -> None:
    second = further(at, contact, "email", "second@example.com")
    contacts.update(actor=SYSTEM, record_id=contact.pk, values={"email": "second@example.com"}, at=at)
    second.refresh_from_db()
    assert second.deleted_at is not None
    live = Identifier.objects.alive().filter(value="second@example.com")
    assert [row.is_primary for row in live] == [True]


def test_what_belongs_to_a_deleted_contact_blocks_nothing_and_comes_back(at: datetime, contact: Contact) -> None:
    further(at, contact, "anonymous_id", "device-1")
    contacts.delete(actor=SYSTEM, record_id=contact.pk, at=at)
    other = make.contact(at, last_name="Other")
    taken = further(at, other, "anonymous_id", "device-1")
    with pytest.raises(Duplicate), transaction.atomic():
        contacts.restore(actor=SYSTEM, record_id=contact.pk, at=at)
    identifiers.delete(actor=SYSTEM, record_id=taken.pk, at=at)
    contacts.restore(actor=SYSTEM, record_id=contact.pk, at=at)
    assert Identifier.objects.alive().filter(contact=contact, value="device-1").exists()


def test_mirrors_are_changed_on_the_contact(at: datetime, contact: Contact) -> None:
    mirror = Identifier.objects.get(contact=contact, kind="email")
    calls: list[Callable[[], Any]] = [
        lambda: identifiers.update(actor=SYSTEM, record_id=mirror.pk, values={"confidence": "0.1"}, at=at),
        lambda: identifiers.delete(actor=SYSTEM, record_id=mirror.pk, at=at),
    ]
    for call in calls:
        with pytest.raises(PrimaryIdentifier):
            call()
    mirror.refresh_from_db()
    assert (mirror.deleted_at, mirror.confidence) == (None, Decimal(1))


@pytest.mark.parametrize(
    ("kind", "given", "pointer"),
    [
        ("email", {"value": "no address"}, "/value"),
        ("phone", {"value": "030 123"}, "/value"),
        ("external_id", {"value": "x"}, "/system"),
        ("anonymous_id", {"value": "x", "system": "till"}, "/system"),
        ("anonymous_id", {"value": "x", "confidence": "1.001"}, "/confidence"),
        ("anonymous_id", {"value": "x" * 255}, "/value"),
        ("anonymous_id", {"value": "x", "contact_id": str(new_id())}, "/contact_id"),
    ],
)
def test_what_does_not_fit_its_kind_is_refused(
    at: datetime, contact: Contact, kind: str, given: dict[str, str], pointer: str
) -> None:
    values = {"contact_id": str(contact.pk), "kind": kind, **given}
    with pytest.raises(Invalid) as refusal:
        identifiers.create(actor=SYSTEM, values=values, at=at)
    assert refusal.value.errors[0].pointer == pointer
    assert not Identifier.objects.filter(is_primary=False).exists()


# Resolution


def resolved(at: datetime, **given: Any) -> tuple[str, Any, list[str]]:
    found = identity.resolve(actor=SYSTEM, at=at, **given)
    return found["status"], found["contact_id"], [item["contact_id"] for item in found["candidates"]]


def test_identifiers_lead_to_the_contact(at: datetime, contact: Contact) -> None:
    further(at, contact, "external_id", "T-9", system="Till")
    key = str(contact.pk)
    for given in ({"email": "ada@example.com"}, {"external_ids": [{"system": "till", "value": "T-9"}]}):
        assert resolved(at, **given) == ("resolved", key, [key])
    assert resolved(at, external_ids=[{"system": "shop", "value": "T-9"}]) == ("none", None, [])
    assert resolved(at, email="nobody@example.com", anonymous_id="x") == ("none", None, [])
    with pytest.raises(Invalid):
        identity.resolve(actor=SYSTEM, at=at)


def test_a_phone_leads_to_its_only_contact(at: datetime) -> None:
    one = make.contact(at, last_name="One", phone="+4930123456", email="one@example.com")
    assert resolved(at, phone="+4930123456")[:2] == ("resolved", str(one.pk))
    two = make.contact(at, last_name="Two", phone="+4930123456")
    assert resolved(at, phone="+4930123456") == ("conflict", None, [str(one.pk), str(two.pk)])
    assert resolved(at, phone="+4930123456", email="one@example.com")[:2] == ("resolved", str(one.pk))
    assert resolved(at, phone="+4930123456", email="x@example.com")[0] == "conflict"
    three = make.contact(at, last_name="Three", phone="+4930777777")
    both = resolved(at, phone="+4930777777", email="one@example.com")
    assert both == ("conflict", None, [str(one.pk), str(three.pk)])


def test_a_contact_with_a_phone_twice_is_still_one(at: datetime) -> None:
    one = make.contact(at, last_name="One", phone="+4930123456")
    further(at, one, "phone", "+4930123456")
    assert resolved(at, phone="+4930123456")[:2] == ("resolved", str(one.pk))


def test_nobody_is_resolved_beyond_ones_reach(at: datetime, contact: Contact) -> None:
    reader = clerk("contact", visibility=Visibility.OWN)
    assert identity.resolve(actor=reader, at=at, email="ada@example.com")["status"] == "none"
    with pytest.raises(Forbidden):
        identity.resolve(actor=clerk("company"), at=at, email="ada@example.com")


# Identifying


def test_identifying_links_and_notes_that_it_was_seen_again(at: datetime, contact: Contact) -> None:
    given = {"anonymous_id": "device-1", "external_ids": [{"system": "shop", "value": "7"}]}
    identity.identify(actor=SYSTEM, record_id=contact.pk, at=at, evidence={"form": "newsletter"}, **given)
    later = at + timedelta(days=1)
    identity.identify(actor=SYSTEM, record_id=contact.pk, at=later, anonymous_id="device-1", confidence=Decimal("0.5"))
    row = Identifier.objects.get(value="device-1")
    assert (row.first_seen_at, row.last_seen_at, row.version) == (at, later, 2)
    assert (row.confidence, row.evidence) == (Decimal("0.500"), {"form": "newsletter"})
    assert resolved(at, anonymous_id="device-1")[:2] == ("resolved", str(contact.pk))


def test_what_another_has_is_not_linked_and_neither_is_the_rest(at: datetime, contact: Contact) -> None:
    other = make.contact(at, last_name="Other")
    with pytest.raises(IdentifierTaken) as refusal:
        identity.identify(
            actor=SYSTEM, record_id=other.pk, at=at, email="ada@example.com", phone="+4930123456", anonymous_id="d"
        )
    assert refusal.value.data["contact_id"] == str(contact.pk)
    assert not Identifier.objects.filter(contact=other).exists()
    with pytest.raises(Invalid):
        identity.identify(actor=SYSTEM, record_id=other.pk, at=at, anonymous_id="d", seen_at=at + timedelta(days=1))


def test_the_feed_shows_own_columns_first(at: datetime) -> None:
    made = make.contact(at, **OWN)
    further(at, made, "anonymous_id", "device-1")
    seen: list[str] = []
    after = None
    while True:
        page = selector.fetch(actor=SYSTEM, record_id=made.pk, limit=1, after=after, at=at)
        seen += [item["value"] for item in page.items]
        after = page.next_cursor
        if after is None:
            break
    assert seen == ["bo@example.com", "+4930123456", "B-1", "device-1"]
    reader = clerk("contact", actions=("view",))
    assert len(selector.fetch(actor=reader, record_id=made.pk, at=at).items) == 3
