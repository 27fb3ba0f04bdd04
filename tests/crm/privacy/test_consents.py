from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from core import criteria, registry
from core.actors import SYSTEM
from core.errors import Forbidden, Invalid
from core.models import Change
from crm.models import Consent, ConsentState, Contact
from crm.selectors.contactable import Answer
from crm.services.consent import check, consents, expire, may_contact
from crm.services.suppressions import suppressions
from tests.crm import make
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db


def consent(contact: Contact, at: datetime, **values: Any) -> Consent:
    given = {"contact_id": str(contact.pk), "channel": "email", "purpose": "marketing", "status": "granted", **values}
    return consents.create(actor=SYSTEM, values=given, at=at)


def answer(contact: Contact, at: datetime, channel: str = "email", purpose: str = "marketing") -> Answer:
    (found,) = may_contact(contact_ids=[contact.pk], channel=channel, purpose=purpose, at=at)
    return found


def states(contact: Contact) -> list[tuple[str, str, str]]:
    rows = ConsentState.objects.filter(contact=contact).order_by("channel", "purpose")
    return list(rows.values_list("channel", "purpose", "status"))


def test_the_latest_word_counts_and_not_the_latest_entry(contact: Contact, at: datetime) -> None:
    consent(contact, at, status="withdrawn", occurred_at=(at - timedelta(days=1)).isoformat())
    consent(contact, at, status="granted", occurred_at=(at - timedelta(days=9)).isoformat())
    assert states(contact) == [("email", "marketing", "withdrawn")]
    assert (answer(contact, at).allowed, answer(contact, at).reason) == (False, "withdrawn")
    latest = consent(contact, at, status="granted")
    assert states(contact) == [("email", "marketing", "granted")]
    assert ConsentState.objects.get(contact=contact).consent_id == latest.pk
    assert (answer(contact, at).allowed, answer(contact, at).reason) == (True, "consent")


def test_bulk_writes_keep_the_states_too(contact: Contact, at: datetime) -> None:
    rows = [
        Consent(contact=contact, channel="sms", purpose="service", status=status, occurred_at=at - timedelta(days=days))
        for days, status in ((3, "granted"), (1, "denied"), (2, "granted"))
    ]
    Consent.objects.bulk_create(rows)
    assert states(contact) == [("sms", "service", "denied")]


def test_a_merge_takes_consents_along_and_gives_them_back(contact: Contact, at: datetime) -> None:
    other = make.contact(at, email="b@example.com")
    consent(contact, at, status="denied")
    moved = consent(other, at - timedelta(days=1))
    Consent.objects.filter(pk=moved.pk).update(contact=contact)
    assert states(contact) == [("email", "marketing", "denied")]
    assert states(other) == []
    Consent.objects.filter(pk=moved.pk).update(contact=other)
    assert states(contact) == [("email", "marketing", "denied")]
    assert states(other) == [("email", "marketing", "granted")]


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.update(status="granted"),
        lambda rows: rows.update(proof={}),
        lambda rows: rows.delete(),
    ],
)
def test_a_consent_is_never_changed(contact: Contact, at: datetime, change: Callable[[Any], Any]) -> None:
    made = consent(contact, at, status="denied", proof={"wording": "v1"})
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        change(Consent.objects.filter(pk=made.pk))
    kept = Consent.objects.get(pk=made.pk)
    assert (kept.status, kept.proof) == ("denied", {"wording": "v1"})
    with pytest.raises(Forbidden):
        consents.update(actor=SYSTEM, record_id=made.pk, values={}, at=at)
    with pytest.raises(Forbidden):
        consents.delete(actor=SYSTEM, record_id=made.pk, at=at)


@pytest.mark.parametrize(
    ("values", "pointer", "code"),
    [
        ({"purpose": "world_peace"}, "/purpose", "not_found"),
        ({"occurred_at": "2099-01-01T00:00:00Z"}, "/occurred_at", "in_future"),
        ({"status": "denied", "expires_at": "2099-01-01T00:00:00Z"}, "/expires_at", "not_allowed"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "/expires_at", "out_of_range"),
        ({"channel": "pigeon"}, "/channel", "invalid_choice"),
    ],
)
def test_what_makes_no_sense_is_refused(
    contact: Contact, at: datetime, values: dict[str, str], pointer: str, code: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        consent(contact, at, **values)
    assert [(fault.pointer, fault.code) for fault in refusal.value.errors] == [(pointer, code)]
    assert not Consent.objects.exists()
    assert not ConsentState.objects.exists()


def test_a_grant_runs_out_to_the_second(contact: Contact, at: datetime) -> None:
    end = at + timedelta(days=30)
    consent(contact, at, expires_at=end.isoformat())
    assert answer(contact, end - timedelta(seconds=1)).allowed
    assert answer(contact, end).reason == "expired"
    assert expire(at=end - timedelta(seconds=1)) == 0
    assert expire(at=end) == 1
    assert expire(at=end) == 0
    assert states(contact) == [("email", "marketing", "expired")]


def test_any_channel_is_all_channels_until_a_later_word(contact: Contact, at: datetime) -> None:
    consent(contact, at, channel="any", occurred_at=(at - timedelta(days=5)).isoformat())
    assert answer(contact, at, "email").allowed
    consent(contact, at, status="withdrawn", occurred_at=(at - timedelta(days=3)).isoformat())
    assert not answer(contact, at, "email").allowed
    assert answer(contact, at, "post").allowed
    consent(contact, at, channel="any", status="denied")
    assert answer(contact, at, "post").reason == "denied"


def test_a_basis_that_needs_no_consent(contact: Contact, at: datetime) -> None:
    assert answer(contact, at).reason == "no_consent"
    found = answer(contact, at, purpose="service")
    assert (found.allowed, found.reason, found.legal_basis) == (True, "legal_basis", "contract")
    consent(contact, at, legal_basis="legitimate_interest", occurred_at=(at - timedelta(days=1)).isoformat())
    assert answer(contact, at).reason == "legal_basis"
    consent(contact, at, purpose="service", status="denied")
    assert answer(contact, at, purpose="service").reason == "denied"


def test_no_address_a_suppressed_one_and_nobody(contact: Contact, at: datetime) -> None:
    consent(contact, at, channel="any")
    assert answer(contact, at, "sms").reason == "no_address"
    suppressions.create(actor=SYSTEM, values={"channel": "email", "address": " ADA@example.COM "}, at=at)
    assert answer(contact, at).reason == "suppressed"
    assert answer(contact, at, "post").allowed
    ids = [contact.pk, registry.entity("contact").model().pk]
    assert [item.reason for item in may_contact(contact_ids=ids, channel="email", purpose="marketing", at=at)] == [
        "suppressed",
        "no_such_contact",
    ]
    with pytest.raises(Invalid):
        answer(contact, at, purpose="world_peace")


def test_what_one_may_not_see_is_answered_as_if_there_were_none(contact: Contact, at: datetime) -> None:
    consent(contact, at)
    told = {"contact_ids": [contact.pk], "channel": "email", "purpose": "marketing", "at": at}
    assert check(actor=clerk("consent", "contact"), **told)[0]["allowed"]
    assert check(actor=clerk("consent"), **told)[0]["reason"] == "no_such_contact"
    with pytest.raises(Forbidden):
        check(actor=clerk("contact"), **told)


def test_criteria_find_who_agreed(contact: Contact, at: datetime) -> None:
    make.contact(at, email="none@example.com")
    consent(contact, at)
    inner = [{"field": name, "value": value} for name, value in (("purpose", "marketing"), ("status", "granted"))]
    for relation in ("consents", "consent_states"):
        tree = {"field": relation, "op": "any", "where": {"and": inner}}
        condition = criteria.to_q(registry.entity("contact"), tree, actor=SYSTEM, at=at)
        assert list(Contact.objects.filter(condition)) == [contact]


def test_the_proof_is_written_by_those_who_do_not_see_it(contact: Contact, at: datetime) -> None:
    writer = clerk("consent", "contact", actions=("view", "create"))
    values = {"contact_id": str(contact.pk), "channel": "email", "purpose": "marketing", "status": "granted"}
    made = consents.create(actor=writer, values=values | {"proof": {"ip": "192.0.2.1"}}, at=at)
    assert Consent.objects.get(pk=made.pk).proof == {"ip": "192.0.2.1"}
    assert "proof" not in [item.name for item in registry.entity("consent").visible_fields(writer)]
    assert Change.objects.get(record_id=made.pk, operation="insert").after["proof"] == {"ip": "192.0.2.1"}


@pytest.mark.django_db(transaction=True)
def test_many_at_once_leave_the_latest(at: datetime) -> None:
    contact = make.contact(at, email="race@example.com")

    def record(number: int) -> None:
        try:
            moment = (at - timedelta(minutes=number)).isoformat()
            consent(contact, at, occurred_at=moment, status="denied" if number == 0 else "granted")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(record, [5, 3, 0, 7, 1, 2, 6, 4]))
    assert Consent.objects.count() == 8
    assert states(contact) == [("email", "marketing", "denied")]
