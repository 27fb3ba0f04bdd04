"""Whose a record that is nobody's may be: proposed with evidence and confidence, among whom the caller sees."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from core.actors import SYSTEM, Actor, Visibility
from core.errors import Forbidden, InvalidCursor, NotFound
from core.registry.feeds import FeedPage
from crm.models import Contact, Event, Tie
from crm.selectors import tie_candidates
from crm.services import identity, ties
from crm.services.contacts import contacts
from crm.services.events import events
from tests.crm import make
from tests.support.actors import clerk
from tests.support.samples import Samples

pytestmark = pytest.mark.django_db


def visit(at: datetime, **values: Any) -> Event:
    given = {"name": "Store Visit", "occurred_at": at.isoformat(), "is_offline": True, "source": "till", **values}
    return events.create(actor=SYSTEM, values=given, at=at)


def page(at: datetime, record: Any, kind: str = "event", actor: Actor = SYSTEM, **options: Any) -> FeedPage:
    return tie_candidates.fetch(kind, actor=actor, record_id=record.pk, at=at, **options)


def listed(at: datetime, record: Any, kind: str = "event", actor: Actor = SYSTEM) -> list[tuple[str, str, list[str]]]:
    """Name, confidence and what speaks for each."""
    items = page(at, record, kind, actor).items
    return [(item["name"], item["confidence"], [told["text"] for told in item["evidence"]]) for item in items]


def bought(at: datetime, contact: Contact, **values: Any) -> Any:
    return make.order(
        at, contact_id=str(contact.pk), lines=[{"description": "x", "quantity": 1, "unit_price": "9"}], **values
    )


def test_a_shared_phone_proposes_all_who_have_it(at: datetime) -> None:
    for name in ("Elm", "Oak"):
        make.contact(at, last_name=name, phone="+4930123456")
    made = visit(at, properties={"phone": "+49 30 123456"})
    assert made.contact_id is None
    assert listed(at, made) == [
        ("Elm", "0.450", ["same phone, shared by 2"]),
        ("Oak", "0.450", ["same phone, shared by 2"]),
    ]


def test_evidence_adds_up_and_what_says_the_same_counts_once(at: datetime) -> None:
    ada = make.contact(at, first_name="Ada", last_name="Lovell")
    make.contact(at, first_name="Adam", last_name="Lovell")
    other = bought(at, ada, coupon_code="SPRING-7", location="Bonn", number="R-7")
    again = bought(at - timedelta(minutes=20), ada, coupon_code="SPRING-7", location="Bonn")
    said = {"name": "Lovell, Ada", "coupon": "SPRING-7", "receipt_number": "R-7"}
    made = visit(at, place="Bonn", properties=said)
    first, second = page(at, made).items
    assert first["contact_id"] == str(ada.pk)
    assert [(item["evidence"], item["text"], item["weight"]) for item in first["evidence"]] == [
        ("order_number", "order R-7", "0.900"),
        ("coupon", "coupon SPRING-7", "0.600"),
        ("name", "name 1.00", "0.450"),
        ("place", "at Bonn too, 0 min apart", "0.400"),
    ]
    assert [item["matched_order_id"] for item in first["evidence"]] == [
        str(other.pk), str(other.pk), None, str(other.pk)
    ]  # fmt: skip
    assert again.pk != other.pk
    # 1 - 0.1 * 0.4 * 0.55 * 0.6
    assert first["confidence"] == "0.987"
    assert second["name"] == "Adam Lovell"
    assert float(second["confidence"]) < 0.45


def test_what_was_seen_on_the_same_device_leads_to_the_online_event(at: datetime, contact: Contact) -> None:
    online = visit(at, is_offline=False, session_id="s-1", contact_id=str(contact.pk))
    made = visit(at + timedelta(minutes=5), session_id="s-1")
    (item,) = page(at, made).items
    assert (item["contact_id"], item["confidence"]) == (str(contact.pk), "0.700")
    assert item["evidence"] == [
        {"evidence": "same_device", "text": "same visit", "weight": "0.700", "matched_event_id": str(online.pk),
         "matched_order_id": None}
    ]  # fmt: skip


def test_who_was_at_the_place_is_no_candidate_by_that_alone(at: datetime, contact: Contact) -> None:
    visit(at, place="Bonn", contact_id=str(contact.pk))
    assert listed(at, visit(at, place="Bonn")) == []
    made = visit(at + timedelta(hours=5), place="Bonn", properties={"first_name": "Ada", "last_name": "Alder"})
    assert listed(at, made) == [("Ada Alder", "0.588", ["name 1.00", "at Bonn too, 5 h apart"])]


def test_an_uncertain_identifier_proposes_and_does_not_tie(at: datetime, contact: Contact) -> None:
    cards = [{"system": "loyalty_card", "value": "L-1"}]
    identity.identify(actor=SYSTEM, record_id=contact.pk, at=at, external_ids=cards, confidence="0.6")
    made = visit(at, properties={"loyalty_card": "L-1"})
    assert made.contact_id is None
    assert listed(at, made) == [("Ada Alder", "0.582", ["same loyalty card"])]


def test_interactions_and_orders_of_a_company(at: datetime) -> None:
    company, elsewhere = make.company(at), make.company(at, name="Elsewhere")
    ada = make.contact(at, first_name="Ada", last_name="Alder", company_id=str(company.pk))
    make.contact(at, first_name="Bea", last_name="Birch", company_id=str(company.pk), phone="+4930123456")
    make.contact(at, first_name="Cid", last_name="Cedar", company_id=str(elsewhere.pk))
    talk = make.interaction(at, company_id=str(company.pk), data={"phone": "+4930123456"})
    assert listed(at, talk, "interaction") == [
        ("Bea Birch", "0.920", ["same phone", "works there"]),
        ("Ada Alder", "0.200", ["works there"]),
    ]
    bought(at, ada, coupon_code="ONLY-ADA")
    order = make.order(at, company_id=str(company.pk), coupon_code="ONLY-ADA")
    assert listed(at, order, "order")[0] == ("Ada Alder", "0.680", ["coupon ONLY-ADA", "works there"])


def test_what_is_somebodys_has_no_candidates_and_what_was_untied_says_so(at: datetime, contact: Contact) -> None:
    made = visit(at, session_id="s-1")
    visit(at, session_id="s-1", contact_id=str(contact.pk))
    given = {"contact_id": contact.pk, "evidence": "same_device"}
    ties.tie(kind="event", actor=SYSTEM, record_id=made.pk, at=at, **given)
    assert listed(at, made) == []
    later = at + timedelta(hours=1)
    ties.untie(actor=SYSTEM, record_id=Tie.objects.get(event=made.pk).pk, at=later)
    (item,) = page(at, made).items
    assert item["untied_at"] == later.isoformat()


def test_pages(at: datetime) -> None:
    people = [make.contact(at, last_name=f"Person {number}", phone="+4930123456") for number in range(5)]
    made = visit(at, properties={"phone": "+4930123456"})
    first = page(at, made, limit=3)
    second = page(at, made, limit=3, after=first.next_cursor)
    assert second.next_cursor is None
    assert [item["contact_id"] for item in (*first.items, *second.items)] == [str(one.pk) for one in people]
    with pytest.raises(InvalidCursor):
        page(at, made, after="x")


def test_only_contacts_whom_the_caller_sees_are_proposed_or_counted(at: datetime) -> None:
    samples = Samples()
    mine, theirs = (samples.make("partner_organisation") for _ in range(2))
    company = make.company(at, partner_id=str(mine.pk))
    hidden = [
        make.contact(at, last_name=f"Hidden {number}", phone="+4930123456", partner_id=str(theirs.pk))
        for number in range(60)
    ]
    make.contact(at, last_name="Elm", phone="+4930123456", partner_id=str(mine.pk))
    bought(at, hidden[0], number="R-1", coupon_code="C-1")
    said = {"phone": "+4930123456", "name": "Hidden 1", "order_number": "R-1", "coupon": "C-1"}
    talk = make.interaction(at, company_id=str(company.pk), data=said)
    seen = ("interaction", "contact", "order", "event", "company")
    partner = clerk(*seen, visibility=Visibility.PARTNER, partner_id=mine.pk)
    # The others of the same phone, 60 of them, neither take a place nor make it a switchboard's.
    assert listed(at, talk, "interaction", partner) == [("Elm", "0.900", ["same phone"])]
    stranger = clerk(*seen, visibility=Visibility.PARTNER, partner_id=theirs.pk)
    with pytest.raises(NotFound):
        page(at, talk, "interaction", stranger)
    blind = clerk("interaction")
    assert listed(at, talk, "interaction", blind) == []
    with pytest.raises(Forbidden):
        page(at, talk, "interaction", clerk("contact"))


def test_the_deleted_are_no_candidates(at: datetime, contact: Contact) -> None:
    visit(at, session_id="s-1", contact_id=str(contact.pk))
    made = visit(at, session_id="s-1")
    contacts.delete(actor=SYSTEM, record_id=contact.pk, at=at)
    assert listed(at, made) == []
