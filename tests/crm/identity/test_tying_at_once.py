"""Ties that meet: one wins, the other is refused, and nothing deadlocks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.actors import SYSTEM
from crm.models import Contact, Event, Tie
from crm.services import identity, merges, ties
from crm.services.events import events
from tests.crm import make
from tests.support.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def pair(round_: int) -> tuple[Contact, Contact]:
    one, two = (make.contact(AT, last_name=f"{name} {round_}") for name in ("One", "Two"))
    return one, two


def event(**values: str) -> Event:
    return events.create(actor=SYSTEM, values={"name": "Receipt", "occurred_at": AT.isoformat(), **values}, at=AT)


def tie(made: Event, contact: Contact) -> None:
    ties.tie(kind="event", actor=SYSTEM, record_id=made.pk, at=AT, contact_id=contact.pk, evidence="manual")


def test_one_event_to_two_contacts() -> None:
    for round_ in range(3):
        one, two = pair(round_)
        made = event()
        assert at_once(lambda e=made, c=one: tie(e, c), lambda e=made, c=two: tie(e, c)) == ["done", "tied_already"]
        found = Tie.objects.get(event=made.pk)
        assert Event.objects.get(pk=made.pk).contact_id == found.contact_id


def test_one_tie_is_undone_once() -> None:
    one, _ = pair(0)
    made = event()
    tie(made, one)
    found = Tie.objects.get()

    def untie() -> None:
        ties.untie(actor=SYSTEM, record_id=found.pk, at=AT)

    assert at_once(untie, untie) == ["already_untied", "done"]
    assert Event.objects.get(pk=made.pk).contact_id is None


def test_untying_while_the_contact_is_merged() -> None:
    for round_ in range(3):
        one, two = pair(round_)
        made = event(anonymous_id=f"v-{round_}")
        identity.identify(actor=SYSTEM, record_id=one.pk, at=AT, anonymous_id=f"v-{round_}")
        found = Tie.objects.latest("pk")
        told = at_once(
            lambda key=found.pk: ties.untie(actor=SYSTEM, record_id=key, at=AT),
            lambda a=two, b=one: merges.merge(actor=SYSTEM, record_id=a.pk, at=AT, contact_id=b.pk),
        )
        assert told == ["done", "done"]
        assert Event.objects.get(pk=made.pk).contact_id is None
        assert Tie.objects.get(pk=found.pk).contact_id == two.pk
