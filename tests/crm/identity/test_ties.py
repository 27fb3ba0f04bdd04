"""Ties: what is tied by evidence is undone exactly, one by one or all that a visitor did; what is refused changes
nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from core.actors import SYSTEM
from core.errors import Forbidden, Invalid, NotFound, PersonErased
from core.ids import new_id
from core.models import Change, OutboxEvent
from crm.errors import AlreadyUntied, NeedsCustomer, TiedAlready, TieNotCarried, TieSuperseded
from crm.models import Contact, Event, Interaction, Tie, TieRows
from crm.services import erasures, identity, merges, ties
from crm.services.contacts import contacts
from crm.services.events import events
from crm.services.interactions import interactions
from tests.crm import make
from tests.crm.identity.history import differences, image
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db


def event(at: datetime, **values: Any) -> Event:
    given = {"name": "Receipt Printed", "occurred_at": at.isoformat(), "is_offline": True, **values}
    return events.create(actor=SYSTEM, values=given, at=at)


def tie(at: datetime, record: Any, contact: Contact, kind: str = "event", **given: Any) -> Tie:
    """The last tie of the record."""
    given = {"evidence": "loyalty_card", **given}
    ties.tie(kind=kind, actor=SYSTEM, record_id=record.pk, at=at, contact_id=contact.pk, **given)
    found: Tie = Tie.objects.filter(**{kind: record.pk}).latest("pk")
    return found


def untie(at: datetime, found: Tie) -> None:
    ties.untie(actor=SYSTEM, record_id=found.pk, at=at)


def whose(record: Any) -> UUID | None:
    key: UUID | None = type(record).objects.get(pk=record.pk).contact_id
    return key


def told(name: str) -> list[dict[str, Any]]:
    return [item.payload for item in OutboxEvent.objects.filter(name=name).order_by("pk")]


def test_an_event_is_tied_and_untied_exactly(at: datetime, contact: Contact) -> None:
    made = event(at, place="Bonn")
    before = Event.objects.filter(pk=made.pk).values().get()
    later = at + timedelta(hours=1)
    found = tie(later, made, contact, details={"receipt": "R-7"}, confidence="0.9")
    assert whose(made) == contact.pk
    shown = (found.kind, found.evidence, found.details, str(found.confidence), found.method, found.by)
    assert shown == ("event", "loyalty_card", {"receipt": "R-7"}, "0.900", "manual", SYSTEM.label)
    assert found.previous_contact_id is None
    assert found.at == later
    untie(later, found)
    after = Event.objects.filter(pk=made.pk).values().get()
    assert {key for key in before if before[key] != after[key]} == {"version", "updated_at"}
    found.refresh_from_db()
    assert (found.untied_at, found.untied_by, found.contact_id) == (later, SYSTEM.label, contact.pk)
    assert [item["id"] for item in (*told("event.tied"), *told("event.untied"))] == [str(made.pk)] * 2
    steps = Change.objects.filter(entity="event", record_id=made.pk).order_by("pk").values_list("before", "after")
    key = str(contact.pk)
    assert list(steps) == [
        ({"contact_id": None}, {"contact_id": key}),
        ({"contact_id": key}, {"contact_id": None}),
    ]


def test_the_same_tie_twice_is_one(at: datetime, contact: Contact) -> None:
    made = event(at)
    found = tie(at, made, contact)
    version = Event.objects.get(pk=made.pk).version
    assert tie(at, made, contact, evidence="manual").pk == found.pk
    assert (Tie.objects.count(), Event.objects.get(pk=made.pk).version, len(told("event.tied"))) == (1, version, 1)
    named = event(at, contact_id=str(contact.pk))
    ties.tie(kind="event", actor=SYSTEM, record_id=named.pk, at=at, contact_id=contact.pk, evidence="manual")
    assert Tie.objects.count() == 1


def refused(error: type[Exception], call: Callable[[], Any]) -> Any:
    """The refusal; nothing changed by it."""
    before = image()
    outbox = OutboxEvent.objects.count()
    with pytest.raises(error) as refusal:
        call()
    assert differences(before, image()) == {}
    assert OutboxEvent.objects.count() == outbox
    return refusal.value


def test_what_is_anothers_is_taken_only_by_naming_their_tie(at: datetime, contact: Contact) -> None:
    other = make.contact(at, last_name="Other")
    stated = event(at, contact_id=str(contact.pk))
    refusal = refused(TiedAlready, lambda: tie(at, stated, other))
    assert refusal.data == {"contact_id": str(contact.pk)}
    made = event(at)
    first = tie(at, made, contact, evidence="phone")
    refusal = refused(TiedAlready, lambda: tie(at, made, other))
    assert refusal.data == {"contact_id": str(contact.pk), "tie_id": str(first.pk)}
    refused(TiedAlready, lambda: tie(at, made, other, supersedes=new_id()))
    second = tie(at, made, other, supersedes=first.pk)
    assert (whose(made), second.previous_contact_id) == (other.pk, contact.pk)
    refusal = refused(TieSuperseded, lambda: untie(at, first))
    assert refusal.data["later_tie_id"] == str(second.pk)
    untie(at, second)
    assert whose(made) == contact.pk
    untie(at, first)
    assert whose(made) is None
    refused(AlreadyUntied, lambda: untie(at, first))
    refused(Invalid, lambda: tie(at, made, other, supersedes=first.pk))


def test_what_is_no_longer_as_the_tie_left_it_is_not_untied(at: datetime, contact: Contact) -> None:
    made = event(at)
    found = tie(at, made, contact)
    Event.objects.filter(pk=made.pk).update(contact=make.contact(at, last_name="Other"))
    refused(TieNotCarried, lambda: untie(at, found))


def test_interactions_and_orders(at: datetime, contact: Contact) -> None:
    company = make.company(at)
    for kind, record in (
        ("interaction", make.interaction(at, company_id=str(company.pk), channel="store")),
        ("order", make.order(at, company_id=str(company.pk))),
    ):
        found = tie(at, record, contact, kind)
        assert whose(record) == contact.pk
        assert told(f"{kind}.updated")[-1]["changed"] == ["contact_id"]
        untie(at, found)
        assert whose(record) is None
        tie(at, record, contact, kind)
        # Nobody's record of no company cannot be.
        type(record).objects.filter(pk=record.pk).update(company=None)
        last = Tie.objects.latest("pk")
        refused(NeedsCustomer, lambda found=last: untie(at, found))


def test_what_changed_since_stays_when_it_is_untied(at: datetime, contact: Contact) -> None:
    company = make.company(at)
    record = make.interaction(at, company_id=str(company.pk), channel="store", subject="Before")
    before = Interaction.objects.filter(pk=record.pk).values().get()
    found = tie(at, record, contact, "interaction")
    interactions.update(actor=SYSTEM, record_id=record.pk, values={"subject": "After", "outcome": "sold"}, at=at)
    interactions.delete(actor=SYSTEM, record_id=record.pk, at=at)
    untie(at, found)
    interactions.restore(actor=SYSTEM, record_id=record.pk, at=at)
    after = Interaction.objects.filter(pk=record.pk).values().get()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"subject", "outcome", "version"}


def test_whom_and_what_there_is_not(at: datetime, contact: Contact) -> None:
    made = event(at)
    gone = make.contact(at, last_name="Gone")
    contacts.delete(actor=SYSTEM, record_id=gone.pk, at=at)
    assert refused(Invalid, lambda: tie(at, made, gone)).errors[0].pointer == "/contact_id"
    matched = refused(Invalid, lambda: tie(at, made, contact, matched_event_id=made.pk))
    assert [(fault.pointer, fault.code) for fault in matched.errors] == [("/matched_event_id", "same")]
    assert refused(Invalid, lambda: tie(at, made, contact, matched_order_id=new_id())).errors[0].code == "not_found"
    events.delete(actor=SYSTEM, record_id=made.pk, at=at)
    refused(NotFound, lambda: tie(at, made, contact))
    erased = make.contact(at, last_name="Erased")
    erasures.erase(actor=SYSTEM, record_id=erased.pk, at=at, reason="asked", confirm=True)
    another = event(at)
    refused(PersonErased, lambda: tie(at, another, erased))


def test_who_may(at: datetime, contact: Contact) -> None:
    made = event(at)
    seer = clerk("event", "contact", "tie", actions=("view", "create", "update"))
    refused(Forbidden, lambda: ties.tie(
        kind="event", actor=seer, record_id=made.pk, at=at, contact_id=contact.pk, evidence="manual"
    ))  # fmt: skip
    found = tie(at, made, contact)
    refused(Forbidden, lambda: ties.untie(actor=seer, record_id=found.pk, at=at))


def visits(at: datetime, count: int, visitor: str = "v-1", **values: Any) -> list[Event]:
    items = [{"name": "Page Viewed", "anonymous_id": visitor, "message_id": f"{visitor} {number}", **values}
             for number in range(count)]  # fmt: skip
    return [made for made in events.create_set(actor=SYSTEM, items=items, at=at) if isinstance(made, Event)]


def of(contact: Contact) -> int:
    return Event.objects.filter(contact=contact).count()


def identify(at: datetime, contact: Contact, visitor: str = "v-1") -> None:
    identity.identify(actor=SYSTEM, record_id=contact.pk, at=at, anonymous_id=visitor)


def test_what_a_visitor_did_becomes_the_contacts_by_one_tie(at: datetime, contact: Contact) -> None:
    other = make.contact(at, last_name="Other")
    visits(at, 12)
    visits(at, 3, "v-2")
    theirs = event(at, anonymous_id="v-1", contact_id=str(other.pk))
    before = image()
    identify(at, contact)
    assert (of(contact), of(other)) == (12, 1)
    found = Tie.objects.get()
    assert (found.kind, found.counts, found.evidence, found.method) == (
        "visitor", {"event": 12}, "anonymous_id", "automatic",
    )  # fmt: skip
    assert sum(len(ids) for ids in TieRows.objects.values_list("ids", flat=True)) == 12
    assert told("event.tied") == [
        {"entity": "tie", "id": str(found.pk), "tie_id": str(found.pk), "contact_id": str(contact.pk),
         "counts": {"event": 12}}
    ]  # fmt: skip
    identify(at, contact)
    assert Tie.objects.count() == 1
    later = visits(at, 1, message_id="later")[0]
    # Who the visitor is, is known by now: it is tied as it comes.
    assert whose(later) == contact.pk
    identify(at, contact)
    assert list(Tie.objects.filter(kind="visitor")) == [found]
    untie(at, found)
    assert of(contact) == 1
    assert whose(theirs) == other.pk
    Event.objects.filter(pk=later.pk).delete()
    changed = {key.split()[0] for key in differences(before, image())}
    assert changed == {"crm_tie", "crm_identifier"}


def test_one_event_of_a_visitor_is_put_right(at: datetime, contact: Contact) -> None:
    other = make.contact(at, last_name="Other")
    made = visits(at, 3)
    identify(at, contact)
    whole = Tie.objects.get()
    refusal = refused(TiedAlready, lambda: tie(at, made[0], other))
    assert refusal.data["tie_id"] == str(whole.pk)
    single = tie(at, made[0], other, supersedes=whole.pk)
    assert refused(TieSuperseded, lambda: untie(at, whole)).data["later_tie_id"] == str(single.pk)
    untie(at, single)
    untie(at, whole)
    assert of(contact) == of(other) == 0


def test_a_visitor_who_was_changed_otherwise_is_not_untied_in_part(at: datetime, contact: Contact) -> None:
    made = visits(at, 3)
    identify(at, contact)
    Event.objects.filter(pk=made[1].pk).update(contact=make.contact(at, last_name="Other"))
    assert refused(TieNotCarried, lambda: untie(at, Tie.objects.get())).data["changed"] == 1


def test_merging_moves_ties_and_unmerging_brings_them_back(at: datetime, contact: Contact) -> None:
    winner = make.contact(at, last_name="Winner")
    single = tie(at, event(at), contact)
    visits(at, 4)
    identify(at, contact)
    before = image()
    merges.merge(actor=SYSTEM, record_id=winner.pk, at=at, contact_id=contact.pk)
    assert Tie.objects.filter(contact=winner).count() == 2
    assert of(winner) == 5
    merges.unmerge(actor=SYSTEM, record_id=winner.pk, at=at)
    assert not differences(before, image())
    merges.merge(actor=SYSTEM, record_id=winner.pk, at=at, contact_id=contact.pk)
    for found in Tie.objects.all():
        untie(at, found)
    assert of(winner) == of(contact) == 0
    single.refresh_from_db()
    assert single.contact_id == winner.pk


def test_erasing_empties_the_evidence(at: datetime, contact: Contact) -> None:
    made = event(at)
    found = tie(at, made, contact, details={"receipt": "R-secret"})
    erasures.erase(actor=SYSTEM, record_id=contact.pk, at=at, reason="asked", confirm=True)
    found.refresh_from_db()
    assert found.details == {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM core_change c WHERE c::text LIKE '%R-secret%'")
        assert cursor.fetchone() == (0,)
