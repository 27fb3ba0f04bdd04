"""A scan of all contacts: what it finds, leaves out, forgets, and goes on with."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from accounts.models import User
from core.actors import SYSTEM, Actor, Visibility
from core.clock import now
from core.errors import Forbidden
from core.models import Job
from crm.models import Contact, DuplicateCandidate
from crm.selectors import duplicates
from crm.services import duplicate_scans, merges, scan_blocks, scan_pairs
from crm.services.contacts import contacts
from crm.services.duplicate_decisions import duplicate_decisions
from tests.crm import make
from tests.crm.identity.test_duplicates import FIRST, LAST, _typo
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db


def scan(*, full: bool = False, actor: Actor = SYSTEM) -> dict[str, Any]:
    told = duplicate_scans.request(actor=actor, at=now(), full=full)
    duplicate_scans.carry_out(job_id=UUID(told["id"]))
    job = Job.objects.get(pk=told["id"])
    assert job.status == Job.Status.SUCCEEDED, job.message
    return dict(job.result)


def pairs() -> set[tuple[UUID, UUID]]:
    return set(DuplicateCandidate.objects.values_list("contact_id", "other_id"))


def pair(one: Contact, other: Contact) -> tuple[UUID, UUID]:
    least, greatest = sorted((one.pk, other.pk))
    return least, greatest


@pytest.fixture
def twins() -> tuple[Contact, Contact]:
    at = now()
    one = make.contact(at, first_name="Ada", last_name="Alder", email="ada.alder@acme.example", phone="+4930123456")
    return one, make.contact(at, first_name="Alder", last_name="Ada", phone="+4930123456")


def test_a_scan_says_what_the_list_of_one_contact_says(twins: tuple[Contact, Contact]) -> None:
    result = scan()
    (listed,) = duplicates.candidates(twins[0].pk, actor=SYSTEM, at=now())
    found = DuplicateCandidate.objects.get()
    assert (found.contact_id, found.other_id) == pair(*twins)
    assert found.score == listed.score
    assert [(item["signal"], item["text"]) for item in found.reasons] == [
        (item.name, item.text) for item in listed.signals
    ]
    assert (result["found"], result["new"], result["removed"]) == (1, 1, 0)


def test_a_later_scan_changes_only_what_changed(twins: tuple[Contact, Contact]) -> None:
    scan()
    first = DuplicateCandidate.objects.get()
    assert scan()["new"] == 0
    again = DuplicateCandidate.objects.get()
    assert (again.pk, again.version, again.updated_at) == (first.pk, 1, first.updated_at)
    # Nothing changed for long: nothing is compared, and nothing forgotten.
    long_ago = now() - timedelta(days=1)
    Contact.objects.update(updated_at=long_ago)
    third = make.contact(now(), first_name="Ada", last_name="Alder", phone="+4930123456")
    assert scan()["pairs"] == 2
    assert pairs() == {pair(*twins), pair(twins[0], third), pair(twins[1], third)}
    contacts.update(actor=SYSTEM, record_id=third.pk, values={"phone": "+4930999999", "last_name": "Xylo"}, at=now())
    assert scan()["removed"] == 2
    assert pairs() == {pair(*twins)}
    assert scan(full=True)["pairs"] == 1


@pytest.mark.parametrize("how", ["decided", "merged", "deleted"])
def test_what_is_settled_is_gone_at_once_and_not_found_again(twins: tuple[Contact, Contact], how: str) -> None:
    one, other = twins
    scan()
    assert pairs() == {pair(*twins)}
    if how == "decided":
        values = {"contact_id": str(one.pk), "other_id": str(other.pk)}
        decision = duplicate_decisions.create(actor=SYSTEM, values=values, at=now())
    elif how == "merged":
        merges.merge(actor=SYSTEM, record_id=one.pk, contact_id=other.pk, at=now())
    else:
        contacts.delete(actor=SYSTEM, record_id=other.pk, at=now())
    assert pairs() == set()
    scan(full=True)
    assert pairs() == set()
    if how == "decided":
        duplicate_decisions.delete(actor=SYSTEM, record_id=decision.pk, at=now())
    elif how == "merged":
        merges.unmerge(actor=SYSTEM, record_id=one.pk, at=now())
    else:
        contacts.restore(actor=SYSTEM, record_id=other.pk, at=now())
    scan()
    assert pairs() == {pair(*twins)}


def test_a_decision_counts_for_the_contact_that_took_ones_place(twins: tuple[Contact, Contact]) -> None:
    one, other = twins
    third = make.contact(now(), first_name="Ada", last_name="Alder", phone="+4930123456")
    scan()
    assert len(pairs()) == 3
    values = {"contact_id": str(one.pk), "other_id": str(other.pk)}
    duplicate_decisions.create(actor=SYSTEM, values=values, at=now())
    merges.merge(actor=SYSTEM, record_id=third.pk, contact_id=one.pk, at=now())
    assert pairs() == set()
    scan(full=True)
    assert pairs() == set()


def test_large_blocks_are_passed_over_and_told_of() -> None:
    at = now()
    many = [Contact(last_name=f"Worker{n}", phone="+4930123456", created_at=at, updated_at=at) for n in range(60)]
    Contact.objects.bulk_create(many)
    result = scan()
    assert (result["pairs"], pairs()) == (0, set())
    assert result["skipped_blocks"] == {"phone": {"blocks": 1, "contacts": 60, "largest": 60}}
    assert result["block_limit"] == scan_blocks.BLOCK == 50


def test_only_who_may_see_both_sees_the_pair(twins: tuple[Contact, Contact]) -> None:
    scan()
    user = User.objects.create_user("reader@example.com", None, name="Reader")
    reader = clerk("contact", "duplicate_candidate", visibility=Visibility.OWN, user_id=user.pk)
    rows = DuplicateCandidate.objects.visible_to(reader)
    assert not rows.exists()
    Contact.objects.filter(pk=twins[0].pk).update(owner=reader.user_id)
    assert not rows.all().exists()
    Contact.objects.filter(pk=twins[1].pk).update(owner=reader.user_id)
    assert rows.all().exists()


def test_asking_needs_the_right_and_starts_one_scan() -> None:
    with pytest.raises(Forbidden):
        duplicate_scans.request(actor=clerk("contact", actions=("view",)), at=now())
    assert not Job.objects.exists()
    first = duplicate_scans.request(actor=SYSTEM, at=now())
    assert duplicate_scans.request(actor=SYSTEM, at=now())["id"] == first["id"]
    # One that compares more waits for it.
    assert duplicate_scans.request(actor=SYSTEM, at=now(), full=True)["id"] != first["id"]


def test_a_cancelled_scan_leaves_nothing_behind(twins: tuple[Contact, Contact]) -> None:
    told = duplicate_scans.request(actor=SYSTEM, at=now())
    Job.objects.filter(pk=told["id"]).update(status=Job.Status.RUNNING, cancel_requested=True)
    duplicate_scans.carry_out(job_id=UUID(told["id"]))
    assert Job.objects.get(pk=told["id"]).status == Job.Status.CANCELLED
    assert not scan_blocks.are_there(0)
    assert pairs() == set()


def test_precision_and_recall_on_typing_errors(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_pairs, "PIECE", 7)
    chance = random.Random(11)
    wanted = set()
    for number in range(150):
        first, last = chance.choice(FIRST), chance.choice(LAST)
        born = f"{chance.randrange(1950, 2005)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 28):02}"
        one = {"first_name": first, "last_name": last, "birth_date": born, "email": f"{first}.{number}@example.com"}
        one["phone"] = f"+4930{number:06}"
        person = make.contact(at, **one)
        if number % 3 == 0:
            other = {"first_name": first, "last_name": _typo(chance, last)}
            if chance.random() < 0.3:
                other = {"first_name": _typo(chance, first), "last_name": last}
            kept = chance.choice([("birth_date",), ("phone",), ("birth_date", "phone")])
            wanted.add(pair(person, make.contact(at, **other | {name: one[name] for name in kept})))
    scan()
    right = pairs() & wanted
    assert len(right) / len(wanted) >= 0.9
    assert len(right) / len(pairs()) >= 0.95


def test_short_forms_of_names_and_equal_mail_names_are_found(at: datetime) -> None:
    born = "1980-02-03"
    bob = make.contact(at, first_name="Bob", last_name="Miller", birth_date=born)
    robert = make.contact(at, first_name="Robert", last_name="Miller", birth_date=born)
    eve = make.contact(at, first_name="Eve", last_name="Quist", email="eve.quist@one.example")
    evi = make.contact(at, first_name="Evi", last_name="Quist", email="eve.quist@two.example")
    for one, other in ((bob, robert), (robert, bob), (eve, evi)):
        assert other.pk in {item.contact_id for item in duplicates.candidates(one.pk, actor=SYSTEM, at=at)}
    scan()
    assert pairs() == {pair(bob, robert), pair(eve, evi)}
