"""Who may be the same person: proposed with a score and reasons, and never again once somebody has decided."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.actors import SYSTEM, Visibility
from core.errors import Duplicate, Invalid, NotFound
from crm.models import Contact, DuplicateDecision
from crm.selectors import duplicate_blocks, duplicates
from crm.services import merges
from crm.services.contacts import contacts
from crm.services.duplicate_decisions import duplicate_decisions
from tests.crm import make
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db


def found(at: datetime, contact: Contact) -> list[dict[str, Any]]:
    return duplicates.fetch(actor=SYSTEM, record_id=contact.pk, at=at).items


def names(at: datetime, contact: Contact) -> list[str]:
    return [item["name"] for item in found(at, contact)]


def decide(at: datetime, one: Contact, other: Contact, **given: Any) -> DuplicateDecision:
    values = {"contact_id": str(one.pk), "other_id": str(other.pk), **given}
    return duplicate_decisions.create(actor=SYSTEM, values=values, at=at)


@pytest.fixture
def ada(at: datetime) -> Contact:
    return make.contact(
        at, first_name="Ada", last_name="Alder", email="ada.alder@acme.example", phone="+4930123456", city="Bonn",
        birth_date="1990-05-17",
    )  # fmt: skip


def test_candidates_come_with_score_and_reasons(at: datetime, ada: Contact) -> None:
    make.contact(at, first_name="Adda", last_name="Alder", email="ada.alder@home.example", birth_date="1990-05-17")
    make.contact(at, first_name="Ada", last_name="Alder", birth_date="1961-01-01")
    make.contact(at, first_name="Bo", last_name="Birch", email="bo@birch.example", city="Bonn")
    make.contact(at, last_name="Alder", phone="+4930123456", city="Bonn")
    shown = found(at, ada)
    assert [item["name"] for item in shown] == ["Adda Alder", "Alder"]
    assert [item["score"] for item in shown] == sorted((item["score"] for item in shown), reverse=True)
    reasons = {reason["signal"]: reason["text"] for reason in shown[0]["reasons"]}
    assert reasons == {"name": "name 0.95", "email": "same e-mail name", "birth_date": "same birth date"}
    assert "same phone" in [reason["text"] for reason in shown[1]["reasons"]]


def test_both_sides_propose_each_other_with_the_same_score(at: datetime, ada: Contact) -> None:
    other = make.contact(at, first_name="Alder", last_name="Ada", email="ada.alder@home.example")
    (one,), (two,) = found(at, ada), found(at, other)
    assert (one["contact_id"], two["contact_id"]) == (str(other.pk), str(ada.pk))
    assert (one["score"], one["reasons"]) == (two["score"], two["reasons"])


def test_what_was_decided_is_not_proposed_again(at: datetime, ada: Contact) -> None:
    other = make.contact(at, first_name="Ada", last_name="Alder", phone="+4930123456")
    decision = decide(at, other, ada)
    assert decision.contact_id < decision.other_id
    assert (names(at, ada), names(at, other)) == ([], [])
    with pytest.raises(Duplicate):
        decide(at, ada, other)
    duplicate_decisions.delete(actor=SYSTEM, record_id=decision.pk, at=at)
    assert names(at, ada) == ["Ada Alder"]


def test_later_is_until_then(at: datetime, ada: Contact) -> None:
    other = make.contact(at, first_name="Ada", last_name="Alder", phone="+4930123456")
    until = at + timedelta(days=7)
    decide(at, ada, other, verdict="later", until=until.isoformat())
    assert (names(at, ada), names(until, ada)) == ([], ["Ada Alder"])
    with pytest.raises(Invalid):
        decide(at, ada, make.contact(at, last_name="X"), until=until.isoformat())
    with pytest.raises(Invalid):
        decide(at, ada, ada)


@pytest.mark.parametrize("side", ["contact", "other"])
def test_a_decision_counts_after_either_was_merged_and_after_that_is_undone(
    at: datetime, ada: Contact, side: str
) -> None:
    other = make.contact(at, first_name="Ada", last_name="Alder", phone="+4930123456")
    decide(at, ada, other)
    third = make.contact(at, first_name="Ada", last_name="Alder", phone="+4930123456")
    gone, stays = (ada, other) if side == "contact" else (other, ada)
    merges.merge(actor=SYSTEM, record_id=third.pk, at=at, contact_id=gone.pk)
    assert (names(at, third), names(at, stays)) == ([], [])
    merges.unmerge(actor=SYSTEM, record_id=third.pk, at=at)
    assert [item["contact_id"] for item in found(at, stays)] == [str(third.pk)]
    assert DuplicateDecision.objects.count() == 1


def test_deleted_and_hidden_contacts_are_not_proposed(at: datetime, ada: Contact) -> None:
    other = make.contact(at, first_name="Ada", last_name="Alder", phone="+4930123456")
    reader = clerk("contact", visibility=Visibility.OWN)
    with pytest.raises(NotFound):
        duplicates.fetch(actor=reader, record_id=ada.pk, at=at)
    contacts.delete(actor=SYSTEM, record_id=other.pk, at=at)
    assert names(at, ada) == []


def test_a_shared_number_proposes_a_bounded_number(at: datetime, ada: Contact) -> None:
    rows = [Contact(last_name=f"Worker {n}", phone="+4930123456", created_at=at, updated_at=at) for n in range(150)]
    Contact.objects.bulk_create(rows)
    assert len(duplicates.candidates(ada.pk, actor=SYSTEM, at=at)) <= duplicate_blocks.BLOCK


def test_pages_follow_each_other(at: datetime, ada: Contact) -> None:
    for _ in range(5):
        make.contact(at, first_name="Ada", last_name="Alder", phone="+4930123456")
    whole = [item["contact_id"] for item in found(at, ada)]
    seen: list[str] = []
    after = None
    while True:
        page = duplicates.fetch(actor=SYSTEM, record_id=ada.pk, limit=2, after=after, at=at)
        seen += [item["contact_id"] for item in page.items]
        after = page.next_cursor
        if after is None:
            break
    assert seen == whole == sorted(whole)


FIRST = (
    "Ada", "Bruno", "Clara", "David", "Emma", "Felix", "Greta", "Hugo", "Ida", "Jonas", "Klara", "Lukas", "Marie",
    "Nils", "Olga", "Paul", "Rosa", "Simon", "Thea", "Uwe",
)  # fmt: skip
LAST = (
    "Abel", "Baumann", "Conrad", "Dietrich", "Engel", "Fischer", "Graf", "Hoffmann", "Jansen", "Keller", "Lehmann",
    "Moritz", "Neumann", "Peters",
)  # fmt: skip


def _typo(chance: random.Random, text: str) -> str:
    place = chance.randrange(1, len(text))
    swapped = text[: place - 1] + text[place] + text[place - 1] + text[place + 1 :]
    return chance.choice([text[:place] + text[place + 1 :], text[:place] + text[place] + text[place:], swapped])


def test_precision_and_recall_on_typing_errors(at: datetime) -> None:
    chance = random.Random(7)
    people, twins = [], {}
    for number in range(150):
        first, last = chance.choice(FIRST), chance.choice(LAST)
        born = f"{chance.randrange(1950, 2005)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 28):02}"
        one = {"first_name": first, "last_name": last, "birth_date": born, "email": f"{first}.{number}@example.com"}
        one["phone"] = f"+4930{number:06}"
        people.append(make.contact(at, **one))
        if number % 3 == 0:
            other = {"first_name": first, "last_name": _typo(chance, last)}
            if chance.random() < 0.3:
                other = {"first_name": _typo(chance, first), "last_name": last}
            kept = chance.choice([("birth_date",), ("phone",), ("birth_date", "phone")])
            other |= {name: one[name] for name in kept}
            twins[people[-1].pk] = make.contact(at, **other).pk
    proposed = {
        (person.pk, item.contact_id)
        for person in people
        for item in duplicates.candidates(person.pk, actor=SYSTEM, at=at)
    }
    right = proposed & set(twins.items())
    assert len(right) / len(twins) >= 0.9
    assert len(right) / len(proposed) >= 0.95


def test_what_is_hidden_takes_nobodys_place(at: datetime, ada: Contact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicate_blocks, "BLOCK", 3)
    mine = make.user("Clerk")
    contacts.update(actor=SYSTEM, record_id=ada.pk, values={"owner_id": str(mine.pk)}, at=at)
    for number in range(8):
        make.contact(at, first_name="Ada", last_name="Alder", email=f"ada.alder@{number}.example", phone=ada.phone)
    own = make.contact(
        at, first_name="Ada", last_name="Alder", email="ada.alder@x.example", phone=ada.phone, owner_id=str(mine.pk)
    )
    actor = clerk("contact", visibility=Visibility.OWN, user_id=mine.pk)
    items = duplicates.fetch(actor=actor, record_id=ada.pk, at=at).items
    assert [item["contact_id"] for item in items] == [str(own.pk)]
