"""Ties that are made unasked: as a record comes, and later when its identifiers lead to a contact by then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from core import registry
from core.actors import SYSTEM
from core.models import Change, OutboxEvent
from core.writes import batch
from crm.models import Contact, Event, Interaction, Tie
from crm.services import identity, later_ties, merges, ties
from crm.services.contacts import contacts
from crm.services.events import events
from tests.crm import make
from tests.crm.identity.history import differences, image
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db


def sale(at: datetime, **values: Any) -> Event:
    given = {"name": "Receipt Printed", "occurred_at": at.isoformat(), "is_offline": True, "source": "till", **values}
    return events.create(actor=SYSTEM, values=given, at=at)


def whose(record: Any) -> Any:
    return type(record).objects.get(pk=record.pk).contact_id


def untie(at: datetime, record: Event | Interaction) -> None:
    kind = "event" if isinstance(record, Event) else "interaction"
    found = Tie.objects.filter(**{kind: record.pk}, untied_at=None).latest("pk")
    ties.untie(actor=SYSTEM, record_id=found.pk, at=at)


def link(at: datetime, contact: Contact, system: str, value: str, **given: Any) -> None:
    ids = [{"system": system, "value": value}]
    identity.identify(actor=SYSTEM, record_id=contact.pk, at=at, external_ids=ids, **given)


@pytest.mark.parametrize(
    ("values", "evidence", "confidence"),
    [
        ({"properties": {"email": "ADA@example.com"}}, "receipt_email", "0.970"),
        ({"properties": {"customer": {"receipt_email": "ada@example.com"}}}, "receipt_email", "0.970"),
        ({"properties": {"phone": "+49 30 123456"}}, "phone", "0.900"),
        ({"properties": {"loyalty_card": "L-1"}}, "loyalty_card", "0.970"),
        ({"properties": {"customer_id": "T-9"}}, "external_id", "0.980"),
        ({"properties": {"external_ids": [{"system": "shop", "value": "S-1"}]}}, "external_id", "0.980"),
        ({"context": {"externalIds": [{"type": "shop", "id": "S-1"}]}}, "external_id", "0.980"),
        ({"is_offline": False, "context": {"traits": {"email": "ada@example.com"}}}, "email", "0.970"),
        ({"is_offline": False, "anonymous_id": "v-1"}, "anonymous_id", "0.950"),
    ],
)
def test_an_event_is_tied_as_it_comes(at: datetime, values: Any, evidence: str, confidence: str) -> None:
    contact = make.contact(at, email="ada@example.com", phone="+4930123456")
    for system, value in (("loyalty_card", "L-1"), ("till", "T-9"), ("shop", "S-1")):
        link(at, contact, system, value)
    identity.identify(actor=SYSTEM, record_id=contact.pk, at=at, anonymous_id="v-1")
    made = sale(at, **values)
    assert whose(made) == contact.pk
    found = Tie.objects.get()
    assert (found.kind, found.event_id, found.contact_id) == ("event", made.pk, contact.pk)
    assert (found.evidence, str(found.confidence), found.method) == (evidence, confidence, "automatic")
    assert set(found.details) == {"identifier_id"}
    # That the event came says it all.
    assert not OutboxEvent.objects.filter(name="event.tied").exists()
    assert not Change.objects.filter(entity="tie").exists()
    untie(at, made)
    assert whose(made) is None


def test_of_a_batch_each_is_tied_and_repeats_are_not(at: datetime, contact: Contact) -> None:
    items = [
        {"action": "create", "values": {"name": "x", "message_id": name, "context": {"email": email}}}
        for name, email in (("a", "ada@example.com"), ("b", "nobody@example.com"), ("a", "ada@example.com"))
    ]
    for _ in range(2):
        batch.run(registry.entity("event"), actor=SYSTEM, at=at, items=items)
    assert Tie.objects.count() == Event.objects.filter(contact=contact).count() == 1


def test_what_an_online_event_is_about_says_nothing_of_who_did_it(at: datetime, contact: Contact) -> None:
    assert sale(at, is_offline=False, properties={"email": "ada@example.com"}).contact_id is None


def test_identifiers_of_two_people_tie_to_nobody(at: datetime, contact: Contact) -> None:
    make.contact(at, last_name="Elm", phone="+4930123456")
    assert sale(at, properties={"email": "ada@example.com", "phone": "+4930123456"}).contact_id is None
    make.contact(at, last_name="Oak", phone="+4930123456")
    # A phone that several share contradicts nobody.
    assert sale(at, properties={"email": "ada@example.com", "phone": "+4930123456"}).contact_id == contact.pk


def test_an_uncertain_identifier_is_proposed_and_not_tied(at: datetime, contact: Contact, settings: Any) -> None:
    link(at, contact, "till", "T-9", confidence="0.7")
    made = sale(at, properties={"customer_id": "T-9"})
    assert whose(made) is None
    assert later_ties.tie_later(at=at) == {"event": 0, "interaction": 0}
    settings.TIE_THRESHOLD = 0.6
    assert later_ties.tie_later(at=at) == {"event": 1, "interaction": 0}
    assert whose(made) == contact.pk


def test_nobody_is_tied_to_whom_the_sender_does_not_see(at: datetime, contact: Contact) -> None:
    sender = clerk("event")
    made = events.create(actor=sender, values={"name": "x", "context": {"email": "ada@example.com"}}, at=at)
    assert made.contact_id is None
    assert not Tie.objects.exists()


def test_what_becomes_known_later_is_tied_then(at: datetime, contact: Contact) -> None:
    company = make.company(at)
    made, old = sale(at, properties={"loyalty_card": "L-1"}), sale(at - timedelta(days=91), properties={"phone": "x"})
    online = sale(at, is_offline=False, context={"user_id": "u-1"})
    talk = make.interaction(at, company_id=str(company.pk), channel="store", data={"loyalty_card": "L-1"})
    assert later_ties.tie_later(at=at) == {"event": 0, "interaction": 0}
    link(at, contact, "loyalty", "L-1")
    before = image()
    assert later_ties.tie_later(at=at) == {"event": 1, "interaction": 1}
    assert (whose(made), whose(talk), whose(old), whose(online)) == (contact.pk, contact.pk, None, None)
    assert OutboxEvent.objects.filter(name="event.tied").count() == 1
    assert later_ties.tie_later(at=at) == {"event": 0, "interaction": 0}
    for record in (made, talk):
        untie(at, record)
    assert {key.split()[0] for key in differences(before, image())} == {"crm_tie"}


def test_what_was_untied_is_not_tied_by_the_same_evidence_again(at: datetime, contact: Contact) -> None:
    link(at, contact, "loyalty", "L-1")
    made = sale(at, properties={"loyalty_card": "L-1", "phone": "+4930123456"})
    untie(at, made)
    assert later_ties.tie_later(at=at)["event"] == 0
    winner = make.contact(at, last_name="Winner")
    merges.merge(actor=SYSTEM, record_id=winner.pk, at=at, contact_id=contact.pk)
    # Also not to whoever took their place.
    assert later_ties.tie_later(at=at)["event"] == 0
    merges.unmerge(actor=SYSTEM, record_id=winner.pk, at=at)
    # Nor by better evidence to somebody else while the two disagree; to them, once it is theirs alone.
    other = make.contact(at, last_name="Other", phone="+4930123456")
    assert later_ties.tie_later(at=at)["event"] == 0
    contacts.delete(actor=SYSTEM, record_id=contact.pk, at=at)
    assert later_ties.tie_later(at=at)["event"] == 1
    assert whose(made) == other.pk


def test_what_a_visitor_was_untied_from_stays_so_when_identified_again(at: datetime, contact: Contact) -> None:
    other = make.contact(at, last_name="Other")
    items = [{"name": "Page Viewed", "anonymous_id": "v-1", "is_offline": True} for _ in range(4)]
    made = [one for one in events.create_set(actor=SYSTEM, items=items, at=at) if isinstance(one, Event)]
    identity.identify(actor=SYSTEM, record_id=contact.pk, at=at, anonymous_id="v-1")
    ties.untie(actor=SYSTEM, record_id=Tie.objects.get().pk, at=at)
    late = sale(at, anonymous_id="v-1")
    untie(at, late)
    identity.identify(actor=SYSTEM, record_id=contact.pk, at=at, anonymous_id="v-1")
    assert later_ties.tie_later(at=at)["event"] == 0
    assert not Event.objects.filter(contact=contact).exists()
    # Somebody who looks may say otherwise; and another contact was not decided about.
    ties.tie(
        kind="event", actor=SYSTEM, record_id=made[0].pk, at=at, contact_id=contact.pk, evidence="manual"
    )  # fmt: skip
    assert whose(made[0]) == contact.pk
    contacts.delete(actor=SYSTEM, record_id=contact.pk, at=at)
    identity.identify(actor=SYSTEM, record_id=other.pk, at=at, anonymous_id="v-1")
    assert Event.objects.filter(contact=other).count() == 4


def test_an_event_that_came_with_the_wrong_contact_is_put_right(at: datetime, contact: Contact) -> None:
    other = make.contact(at, last_name="Other")
    made = sale(at, properties={"email": "ada@example.com"})
    first = Tie.objects.get()
    ties.tie(
        kind="event", actor=SYSTEM, record_id=made.pk, at=at, contact_id=other.pk, evidence="manual",
        supersedes=first.pk,
    )  # fmt: skip
    assert whose(made) == other.pk


def test_many_that_happened_at_once_are_each_looked_at(
    at: datetime, contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(later_ties, "CHUNK", 3)
    made = [sale(at, properties={"loyalty_card": "L-1"}) for _ in range(5)]
    made += [sale(at + timedelta(minutes=1), properties={"loyalty_card": "L-1"}) for _ in range(4)]
    link(at, contact, "loyalty", "L-1")
    assert later_ties.tie_later(at=at)["event"] == len(made)
