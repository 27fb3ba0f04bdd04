"""Random histories of touches: what a contact's first touch is, is never lost, whatever is tied, merged and undone."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.actors import SYSTEM
from core.errors import Conflict, Invalid
from crm.errors import FirstTouch
from crm.models import Contact, Merge, Tie, Touch
from crm.services import erasures, identity, merges, ties
from crm.services.touches import touches
from tests.crm import make
from tests.crm.identity.history import differences, image

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
FACTS = ("occurred_at", "source", "medium", "campaign_code", "cost", "currency")


class History:
    """What happens to a few contacts, visitors and their touches."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.at = AT
        self.facts: dict[Any, tuple[Any, ...]] = {}
        self.undo: list[Callable[[], Any]] = []
        for number in range(4):
            source = {"source": "store"} if self.random.random() < 0.3 else {}
            make.contact(self.at, last_name=f"Person {number}", **source)

    def alive(self) -> list[Contact]:
        return list(Contact.objects.alive().filter(erased_at=None).order_by("pk"))

    def touch(self) -> None:
        """Of somebody, or of a visitor, whom somebody may be by then."""
        self.at += timedelta(minutes=1)
        days = self.random.randrange(400)
        values = {"source": f"source {len(self.facts)}", "occurred_at": (self.at - timedelta(days=days)).isoformat()}
        values |= {"campaign_code": f"C{days}", "cost": "1.5", "currency": "EUR"}
        if self.random.random() < 0.4 and self.alive():
            values["contact_id"] = str(self.random.choice(self.alive()).pk)
        else:
            values["anonymous_id"] = f"v-{self.random.randrange(5)}"
        made = touches.create(actor=SYSTEM, values=values, at=self.at)
        self.facts[made.pk] = Touch.objects.filter(pk=made.pk).values_list(*FACTS).get()

    def identify(self) -> None:
        contact, visitor = self.random.choice(self.alive()), f"v-{self.random.randrange(5)}"
        before = set(Tie.objects.values_list("pk", flat=True))
        with suppress(Conflict):
            identity.identify(actor=SYSTEM, record_id=contact.pk, at=self.at, anonymous_id=visitor)
        self._note_ties(before)

    def tie(self) -> None:
        free = list(Touch.objects.alive().filter(contact=None).order_by("pk"))
        if free:
            before = set(Tie.objects.values_list("pk", flat=True))
            given = {"contact_id": self.random.choice(self.alive()).pk, "evidence": "manual"}
            ties.tie(kind="touch", actor=SYSTEM, record_id=self.random.choice(free).pk, at=self.at, **given)
            self._note_ties(before)

    def untie(self) -> None:
        held = list(Tie.objects.filter(untied_at=None).order_by("pk"))
        if held:
            with suppress(Conflict):
                ties.untie(actor=SYSTEM, record_id=self.random.choice(held).pk, at=self.at)

    def merge(self) -> None:
        people = self.alive()
        if len(people) > 1:
            winner, loser = self.random.sample(people, 2)
            merges.merge(actor=SYSTEM, record_id=winner.pk, at=self.at, contact_id=loser.pk)
            key = Merge.objects.get(loser=loser.pk, undone_at=None).pk
            self.undo.append(
                lambda: merges.unmerge(actor=SYSTEM, record_id=loser.pk, at=self.at, merge_id=key)
            )  # fmt: skip

    def unmerge(self) -> None:
        open_ = list(Merge.objects.filter(undone_at=None).order_by("pk"))
        if open_:
            with suppress(Conflict):
                merges.unmerge(actor=SYSTEM, record_id=self.random.choice(open_).loser_id, at=self.at)

    def erase(self) -> None:
        people = self.alive()
        if len(people) > 2:
            erasures.erase(
                actor=SYSTEM, record_id=self.random.choice(people).pk, at=self.at, reason="asked", confirm=True
            )

    def attack(self) -> None:
        """A first touch cannot be deleted, nor given away by hand."""
        values = {"contact_id": None}
        for contact in self.alive():
            if contact.acquisition_touch_id is not None:
                with pytest.raises(FirstTouch):
                    touches.delete(actor=SYSTEM, record_id=contact.acquisition_touch_id, at=self.at)
                with pytest.raises((FirstTouch, Invalid)):
                    touches.update(actor=SYSTEM, record_id=contact.acquisition_touch_id, values=values, at=self.at)

    def _note_ties(self, before: set[Any]) -> None:
        for found in Tie.objects.exclude(pk__in=before).order_by("pk"):
            self.undo.append(lambda key=found.pk: ties.untie(actor=SYSTEM, record_id=key, at=self.at))

    def check(self) -> None:
        """Every touch is there, as it was told; every contact's acquisition is the earliest of what is theirs."""
        assert {row[0]: row[1:] for row in Touch.objects.alive().values_list("pk", *FACTS)} == self.facts
        for contact in Contact.objects.alive():
            first = Touch.objects.alive().filter(contact=contact).order_by("occurred_at", "pk").first()
            found = (contact.acquisition_touch_id, contact.acquisition_at, contact.acquisition_campaign)
            assert found == ((first.pk, first.occurred_at, first.campaign_code) if first else (None, None, None))


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_no_first_touch_is_lost(seed: int) -> None:
    history = History(seed)
    often = [history.touch, history.touch, history.tie, history.identify]
    steps = [*often, *often, history.untie, history.merge, history.unmerge, history.attack, history.erase]
    for _ in range(40):
        history.random.choice(steps)()
        history.check()


@pytest.mark.parametrize("seed", range(100, 112))
def test_when_all_is_undone_contacts_and_touches_are_as_at_the_beginning(seed: int) -> None:
    history = History(seed)
    for _ in range(10):
        history.touch()
    history.undo.clear()
    before = image()
    for _ in range(12):
        history.random.choice([history.tie, history.identify, history.merge])()
        history.check()
    while history.undo:
        history.undo.pop()()
        history.check()
    changed = {key.split()[0] for key in differences(before, image())}
    assert changed <= {"crm_tie", "crm_identifier"}


def test_where_they_came_from_is_filled_by_what_came_since_once_the_tie_is_undone() -> None:
    contact = make.contact(AT, last_name="Elm")
    values = {"anonymous_id": "v-1", "source": "podcast", "occurred_at": "2026-01-01", "campaign_code": "P-1"}
    touches.create(actor=SYSTEM, values=values, at=AT)
    identity.identify(actor=SYSTEM, record_id=contact.pk, at=AT, anonymous_id="v-1")
    contact.refresh_from_db()
    assert (contact.source, contact.source_detail) == ("podcast", "P-1")
    later = {"contact_id": str(contact.pk), "source": "fair", "occurred_at": "2026-02-01"}
    touches.create(actor=SYSTEM, values=later, at=AT)
    ties.untie(actor=SYSTEM, record_id=Tie.objects.get().pk, at=AT)
    contact.refresh_from_db()
    assert (contact.source, contact.source_detail, contact.acquisition_source) == ("fair", None, "fair")


def test_what_people_entered_since_stays_when_the_tie_is_undone() -> None:
    contact = make.contact(AT, last_name="Elm")
    values = {"anonymous_id": "v-1", "source": "podcast", "occurred_at": "2026-01-01"}
    touches.create(actor=SYSTEM, values=values, at=AT)
    identity.identify(actor=SYSTEM, record_id=contact.pk, at=AT, anonymous_id="v-1")
    Contact.objects.filter(pk=contact.pk).update(source="store")
    ties.untie(actor=SYSTEM, record_id=Tie.objects.get().pk, at=AT)
    contact.refresh_from_db()
    assert contact.source == "store"
