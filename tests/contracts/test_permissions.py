"""Every call of both APIs as every role: the answer follows from the role's grants and from whose the record is.

What is expected is worked out from the rows of the grants and the record's owner, team and partner, in plain Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from core import registry
from core.models.record import Record
from tests.contracts import calls
from tests.contracts.calls import Call, told_apart
from tests.support import shared
from tests.support.doors import Door, Outcome, Problem
from tests.support.doors.graphql import GraphQLDoor
from tests.support.doors.rest import RestDoor
from tests.support.people import Company, Person
from tests.support.samples import Samples

pytestmark = pytest.mark.usefixtures("undone")

# Held by everybody who is signed in, and granted by no role: who they are.
EVERYBODY = {("me", "view")}
ALLOWED = "allowed"
REFUSALS = {"not_authenticated": 401, "forbidden": 403, "not_found": 404}


@pytest.mark.parametrize("kind", [RestDoor, GraphQLDoor], ids=["rest", "graphql"])
@pytest.mark.parametrize("name", [item.name for item in registry.entities()])
def test_a_role_may_do_what_it_grants_and_no_more(company: Company, name: str, kind: Any) -> None:
    entity = registry.entity(name)
    wrong: list[str] = []
    for person in _everybody(company):
        door = kind(person.key)
        samples = Samples(start=5000)
        with shared.undone():
            records = told_apart(entity, company, person, samples)
            for call in calls.of_entity(entity):
                wrong += _judge(call, door, person, samples, records if call.on_record else {"none": None})
    assert wrong == []


@pytest.mark.parametrize("kind", [RestDoor, GraphQLDoor], ids=["rest", "graphql"])
def test_calls_of_no_record_follow_the_grants_too(company: Company, kind: Any) -> None:
    free = [call for call in calls.all_calls() if not any(call.entity == item.name for item in registry.entities())]
    wrong: list[str] = []
    for person in company.people.values():
        for call in free:
            wrong += _judge(call, kind(person.key), person, Samples(start=5000), {"none": None})
    assert wrong == []


def _everybody(company: Company) -> list[Person]:
    """The people of one of the two partners will do; test_partners sets them against each other."""
    return [person for person in company.people.values() if not person.name.endswith("Birch")]


def _judge(
    call: Call, door: Door, person: Person, samples: Samples, records: Mapping[str, Record | None]
) -> Iterator[str]:
    for whose, record in records.items():
        if call.name == "restore" and record is not None and record.pk in (person.partner_id, _user_id(person)):
            # Once they are deleted themselves, they do not call any more.
            continue
        with shared.undone():
            if call.before is not None and record is not None:
                call.before(record, samples)
            expected = _expected(call, person, record)
            found = _found(call.run(door, samples, record), door)
        if found != expected:
            yield f"{person.name}: {call.name} {whose if record else ''} should be {expected}, is {found}"


def _user_id(person: Person) -> Any:
    return person.user.pk if person.user else None


def _expected(call: Call, person: Person, record: Record | None) -> str:
    if person.is_anonymous:
        return "not_authenticated"
    if (call.entity, call.action) in EVERYBODY:
        return ALLOWED
    if not _granted(call, person):
        return "forbidden"
    if record is None or person.reaches(record, call.entity, call.action):
        return ALLOWED if call.also is None or person.visibilities(*call.also) else "forbidden"
    return "forbidden" if person.reaches(record, call.entity, "view") else "not_found"


def _granted(call: Call, person: Person) -> bool:
    actions = registry.entity(call.entity).verbs if call.action == "*" else {call.action}
    return any(person.visibilities(call.entity, action) for action in actions)


def _found(outcome: Outcome, door: Door) -> str:
    if not isinstance(outcome, Problem):
        return ALLOWED
    assert outcome.status < 500, outcome
    assert outcome.code != "invalid_credentials"
    if outcome.code in REFUSALS:
        assert outcome.status == REFUSALS[outcome.code]
        return outcome.code
    # Let in, and refused for what was sent: rules are for other tests.
    return ALLOWED


@pytest.mark.parametrize("kind", [RestDoor, GraphQLDoor], ids=["rest", "graphql"])
def test_fields_with_a_grant_of_their_own_are_shown_to_its_holders_only(company: Company, kind: Any) -> None:
    guarded = [(entity, item) for entity in registry.entities() for item in entity.fields if item.needs]
    assert guarded
    wrong: list[str] = []
    for entity, item in guarded:
        record = Samples(start=6000).make(entity, full=True)
        if getattr(record, item.attribute) is None:
            type(record)._default_manager.filter(pk=record.pk).update(**{item.attribute: 1})
        for person in company.people.values():
            if not person.reaches(record, entity.name, "view"):
                continue
            shown = kind(person.key).get(entity, record.pk)[item.name] is not None
            if shown != bool(person.visibilities(entity.name, str(item.needs))):
                wrong.append(f"{person.name}: {entity.name}.{item.name} is {'shown' if shown else 'hidden'}")
    assert wrong == []
