"""A scan for duplicates from asking to deciding, as REST and GraphQL show it to whoever may."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from core import registry
from core.registry.operations import Operation
from crm.models import Contact, DuplicateCandidate
from crm.services import duplicate_scans, scan_pairs
from tests.crm import make
from tests.support.doors import Door, Problem
from tests.support.doors.graphql import GraphQLDoor
from tests.support.doors.rest import RestDoor
from tests.support.people import Company

pytestmark = pytest.mark.usefixtures("undone")

DOORS = pytest.mark.parametrize("kind", [RestDoor, GraphQLDoor], ids=["rest", "graphql"])
CANDIDATE = registry.entity("duplicate_candidate")
JOB = registry.entity("job")


class Kill(BaseException):
    """The worker is killed here."""


def operation(entity: str, name: str) -> Operation:
    return next(item for item in registry.entity(entity).operations if item.name == name)


def door(kind: type[Door], company: Company, person: str = "administrator") -> Any:
    return kind(company.people[person].key)


def ask(door: Any, **given: Any) -> Any:
    return door.operation(operation("contact", "scan_duplicates"), None, given)


def work(job: Any) -> None:
    """As a worker does it."""
    duplicate_scans.carry_out(job_id=UUID(job["id"]))


def alike(company: Company, name: str, count: int = 2, **values: Any) -> list[Contact]:
    """As many contacts of one name and phone."""
    phone = f"+4930{ord(name[0]):06}"
    return [
        make.contact(company.at, first_name=name, last_name="Alder", phone=phone, **values) for _ in range(count)
    ]  # fmt: skip


def pairs(door: Any) -> set[tuple[str, str]]:
    return {(row["contact_id"], row["other_id"]) for row in door.list(CANDIDATE, limit=200).rows}


def pair(*people: Contact) -> tuple[str, str]:
    one, other = sorted(people, key=lambda contact: contact.pk)
    return str(one.pk), str(other.pk)


@DOORS
def test_asked_for_looked_at_and_decided(company: Company, kind: type[Door]) -> None:
    caller, twins = door(kind, company), alike(company, "Ada")
    job = ask(caller)
    assert (job["kind"], job["status"]) == ("duplicate_scan", "queued")
    # While it waits, asking again tells of it.
    assert ask(caller)["id"] == job["id"]
    work(job)
    seen = caller.get(JOB, job["id"])
    assert (seen["status"], seen["done"], seen["total"]) == ("succeeded", 1, 1)
    assert seen["result"]["found"] == 1
    (found,) = caller.list(CANDIDATE, sort=["-score"]).rows
    assert (found["contact_id"], found["other_id"]) == pair(*twins)
    assert {item["signal"] for item in found["reasons"]} == {"name", "phone"}
    decided = caller.create(
        registry.entity("duplicate_decision"), {"contact_id": found["other_id"], "other_id": found["contact_id"]}
    )
    assert decided["verdict"] == "not_duplicate"
    assert pairs(caller) == set()
    work(ask(caller, full=True))
    assert pairs(caller) == set()
    # Decisions are remembered as long as they stand.
    caller.delete(registry.entity("duplicate_decision"), decided["id"])
    work(ask(caller, full=True))
    assert pairs(caller) == {pair(*twins)}
    caller.operation(operation("contact", "merge_contact"), twins[0].pk, {"contact_id": str(twins[1].pk)})
    assert pairs(caller) == set()


@DOORS
def test_a_pair_is_for_who_may_see_both(company: Company, kind: type[Door]) -> None:
    north, south = {"team_id": str(company.north.pk)}, {"team_id": str(company.south.pk)}
    ours = alike(company, "Ada", **north)
    mixed = [*alike(company, "Bea", 1, **north), *alike(company, "Bea", 1, **south)]
    theirs = alike(company, "Cid", **south)
    work(ask(door(kind, company)))
    assert pairs(door(kind, company)) == {pair(*ours), pair(*mixed), pair(*theirs)}
    manager = door(kind, company, "manager")
    assert pairs(manager) == {pair(*ours)}
    assert manager.aggregate(CANDIDATE)[0]["values"]["count"] == 1
    hidden = DuplicateCandidate.objects.get(contact_id=pair(*mixed)[0])
    assert manager.get(CANDIDATE, hidden.pk).code == "not_found"
    for partner in ("manager of Alder", "manager of Birch"):
        answer = door(kind, company, partner).list(CANDIDATE)
        assert isinstance(answer, Problem) or answer.rows == []


@DOORS
def test_who_may_not_ask_starts_nothing(company: Company, kind: type[Door]) -> None:
    for person, code in (
        ("sales", "forbidden"), ("manager of Alder", "forbidden"), ("anonymous", "not_authenticated"),
    ):  # fmt: skip
        assert ask(door(kind, company, person)).code == code
    assert door(kind, company).list(JOB).rows == []


@DOORS
def test_a_cancelled_scan_stops_and_keeps_what_it_found(
    company: Company, kind: type[Door], monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = door(kind, company)
    alike(company, "Ada", 4)
    waiting = ask(caller)
    caller.operation(operation("job", "cancel_job"), waiting["id"], {})
    assert caller.get(JOB, waiting["id"])["status"] == "cancelled"
    work(waiting)
    assert pairs(caller) == set()
    job, real = ask(caller), scan_pairs.score_and_write
    monkeypatch.setattr(scan_pairs, "PIECE", 2)

    def cancelled_meanwhile(*arguments: Any, **options: Any) -> Any:
        answer = real(*arguments, **options)
        if options["first"] == 1:
            caller.operation(operation("job", "cancel_job"), job["id"], {})
        return answer

    monkeypatch.setattr(scan_pairs, "score_and_write", cancelled_meanwhile)
    work(job)
    seen = caller.get(JOB, job["id"])
    assert (seen["status"], seen["result"]["found"]) == ("cancelled", 2)
    assert len(pairs(caller)) == 2


@DOORS
def test_a_killed_scan_goes_on_where_it_was(
    company: Company, kind: type[Door], monkeypatch: pytest.MonkeyPatch
) -> None:
    caller, real = door(kind, company), scan_pairs.score_and_write
    people = alike(company, "Ada", 4)
    job, compared = ask(caller), []
    monkeypatch.setattr(scan_pairs, "PIECE", 2)

    def killed(*arguments: Any, **options: Any) -> Any:
        if options["first"] == 3 and compared.count(3) == 0:
            compared.append(3)
            raise Kill
        compared.append(options["first"])
        return real(*arguments, **options)

    monkeypatch.setattr(scan_pairs, "score_and_write", killed)
    with pytest.raises(Kill):
        work(job)
    half = caller.get(JOB, job["id"])
    assert (half["status"], half["done"], half["total"]) == ("running", 2, 6)
    assert len(pairs(caller)) == 2
    work(job)
    seen = caller.get(JOB, job["id"])
    assert (seen["status"], seen["done"], seen["result"]["found"]) == ("succeeded", 6, 6)
    assert compared == [1, 3, 3, 5]
    assert pairs(caller) == {pair(one, other) for one in people for other in people if one.pk < other.pk}
