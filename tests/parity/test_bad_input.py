"""Bad input is refused alike through both doors: a 4xx with a code, the same places, and nothing written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core import registry
from core.criteria.types import Criteria
from core.registry import types
from core.registry.entities import Entity
from core.registry.fields import Field, ListOf, Shape
from tests.parity.script import Script, same_through_both
from tests.support.doors import Door, Outcome, Problem
from tests.support.doors.graphql import GraphQLDoor
from tests.support.doors.rest import RestDoor
from tests.support.people import Company
from tests.support.samples import Samples
from tests.support.tables import row_counts

pytestmark = pytest.mark.usefixtures("undone")

WRITTEN = [item.name for item in registry.entities() if "update" in item.verbs]
HUGE = 10**25
TEXTS: tuple[Any, ...] = (5, 1.5, True, ["x"], {"a": 1}, "nul \x00", "lone \ud800", "lone \udfff x")


def _deep(levels: int) -> dict[str, Any]:
    tree: dict[str, Any] = {"field": "name", "value": "x"}
    for _ in range(levels):
        tree = {"not": tree}
    return tree


def _nested(levels: int) -> dict[str, Any]:
    return {"a": _nested(levels - 1) if levels else 1}


# Values that a field of the type refuses; the first match counts.
WRONG: tuple[tuple[type[types.FieldType], tuple[Any, ...]], ...] = (
    (types.Email, (*TEXTS, "nobody", "a@b@c", "x" * 250 + "@example.com")),
    (types.Phone, (*TEXTS, "12", "+1", "call me")),
    (types.Url, (*TEXTS, "javascript:alert(1)", "ftp://example.com", "http://" + "x" * 3000)),
    (types.Code, (*TEXTS, "TOOLONG", "1", "??")),
    (types.Text, (*TEXTS, "x" * 200_001)),
    (types.Choice, (*TEXTS, "no such word")),
    (types.Boolean, ("true", 1, 0, [True], {})),
    (types.Integer, ("5", 1.5, True, 2**31, -(2**31) - 1, HUGE, -HUGE, 10**400, [1], {})),
    (types.DecimalNumber, ("x", "1e5", "NaN", "Infinity", "-1", HUGE, "9" * 40, 1e300, "0.000001", True, [1], {})),
    (types.Number, ("5", True, 10**400, [1])),
    (types.Date, (5, "2025-02-30", "31/12/2025", "2025-01-01T00:00:00Z", "nul\x00", ["2025-01-01"])),
    (types.DateTime, (5, "soon", "2025-01-01T25:00:00Z", "2025-01-01T12:00:00", "0000-00-00", "9999999-01-01", [])),
    (types.Id, ("x", "00000000-0000-0000-0000-00000000000g", "nul\x00", ["x"])),
    # GraphQL takes a single value for a list of one, and tells which member of a list is wrong.
    (types.TextList, ({"a": 1}, ["nul\x00"], ["x" * 500], ["x"] * 300)),
    (types.Json, ("x", 5, [1], {"a\x00": 1}, {"a": "nul\x00"}, _nested(9))),
    (Criteria, ({"field": "no such field"}, {"bogus": 1}, {"field": "id", "op": "bogus", "value": 1})),
    (ListOf, ("x", 5, [5], [{"bogus": 1}])),
)  # fmt: skip


def _wrong(item: Field) -> tuple[Any, ...]:
    if isinstance(item.type, types.Json) and not item.type.objects_only:
        return ({"a\x00": 1}, {"a": "nul\x00"}, _nested(9))
    for kind, values in WRONG:
        if isinstance(item.type, kind):
            return values
    assert isinstance(item.type, Shape), f"say which values a {type(item.type).__name__} refuses"
    return ("x", 5, [1], {"bogus": 1})


def _refused(script: Script, label: str, outcome: Outcome) -> None:
    assert isinstance(outcome, Problem), (script.door.name, label, outcome)
    assert 400 <= outcome.status < 500, (script.door.name, label, outcome)
    script.note(label, outcome)


@pytest.mark.parametrize("name", WRITTEN)
def test_no_field_takes_what_it_should_not(company: Company, name: str) -> None:
    entity = registry.entity(name)

    def scenario(script: Script) -> None:
        record = script.samples.make(entity)
        before = row_counts()
        for item in entity.input_fields():
            if item.create_only:
                continue
            for value in _wrong(item):
                outcome = script.door.update(entity, record.pk, {item.name: value})
                if not _accepted(item, value, outcome):
                    _refused(script, f"{item.name}: {value!r:.60}", outcome)
                    assert all(pointer.startswith(f"/{item.name}") for pointer, _ in outcome.errors), outcome
        assert row_counts() == before

    same_through_both(company.people["administrator"], scenario)


def _accepted(item: Field, value: Any, outcome: Outcome) -> bool:
    """A few of these are within the bounds of wider fields; they may be taken, and are then not bad input."""
    try:
        item.type.parse(value)
    except Exception:
        return False
    return item.name != "custom"


Call = Callable[[Door, Entity, str], Outcome]
CONTACT_CALLS: dict[str, Call] = {
    "create from a list": lambda door, contact, key: door.create(contact, []),
    "create from a text": lambda door, contact, key: door.create(contact, "x"),
    "create from a number": lambda door, contact, key: door.create(contact, HUGE),
    "unknown field": lambda door, contact, key: door.create(contact, {"bogus": 1}),
    "unknown field with a strange name": lambda door, contact, key: door.create(contact, {"a/b~c": 1, "": 2}),
    "huge text": lambda door, contact, key: door.create(contact, {"first_name": "x" * 600_000}),
    "unknown reference": lambda door, contact, key: door.create(contact, {"company_id": key}),
    "reference to another kind": lambda door, contact, key: door.update(contact, key, {"owner_id": key}),
    "id that is none": lambda door, contact, key: door.get(contact, "00000000-0000-0000-0000-000000000000"),
    "version zero": lambda door, contact, key: door.update(contact, key, {"city": "x"}, version=0),
    "version of the future": lambda door, contact, key: door.update(contact, key, {"city": "x"}, version=7),
    "limit zero": lambda door, contact, key: door.search(contact, limit=0),
    "limit below zero": lambda door, contact, key: door.search(contact, limit=-1),
    "limit too large": lambda door, contact, key: door.search(contact, limit=201),
    "cursor that is none": lambda door, contact, key: door.search(contact, after="x"),
    "cursor of nothing": lambda door, contact, key: door.search(contact, after="W10"),
    "cursor of another order": lambda door, contact, key: door.search(contact, after="WyJuYW1lIiwxLDJd"),
    "cursor of a wrong id": lambda door, contact, key: door.search(contact, after="WyItaWQiLCJ4Il0"),
    "cursor in another alphabet": lambda door, contact, key: door.search(contact, after="žž"),
    "huge cursor": lambda door, contact, key: door.search(contact, after="x" * 1999),
    "cursor of a feed": lambda door, contact, key: door.feed(contact, key, "history", after="WyJoaXN0b3J5IiwiLTEiXQ"),
    "cursor of another feed": lambda door, contact, key: door.feed(contact, key, "timeline", after="WyJ0aW1lbGluZSJd"),
    "sort by the unknown": lambda door, contact, key: door.search(contact, sort=["bogus"]),
    "sort by what has no order": lambda door, contact, key: door.search(contact, sort=["custom"]),
    "sort twice by the same": lambda door, contact, key: door.search(contact, sort=["name", "-name"]),
    "sort by too much": lambda door, contact, key: door.search(contact, sort=["name", "email", "id", "x", "y"]),
    "quick search too long": lambda door, contact, key: door.search(contact, q="x" * 201),
    "quick search with a nul": lambda door, contact, key: door.search(contact, q="a\x00b"),
    "quick search with a surrogate": lambda door, contact, key: door.search(contact, q="a\ud800"),
    "group by the unknown": lambda door, contact, key: door.aggregate(contact, group_by=[{"field": "bogus"}]),
    "group by free text": lambda door, contact, key: door.aggregate(contact, group_by=[{"field": "first_name"}]),
    "group by a moment": lambda door, contact, key: door.aggregate(contact, group_by=[{"field": "created_at"}]),
    "bucket of a text": lambda door, contact, key: door.aggregate(
        contact, group_by=[{"field": "city", "bucket": "day"}]
    ),
    "group by too much": lambda door, contact, key: door.aggregate(contact, group_by=[{"field": "city"}] * 5),
    "sum of a text": lambda door, contact, key: door.aggregate(contact, measures=[{"fn": "sum", "field": "city"}]),
    "sum of nothing": lambda door, contact, key: door.aggregate(contact, measures=[{"fn": "sum"}]),
    "measures of one name": lambda door, contact, key: door.aggregate(contact, measures=[{"fn": "count"}] * 2),
    "groups without limit": lambda door, contact, key: door.aggregate(contact, limit=1001),
    "sorted groups": lambda door, contact, key: door.aggregate(contact, sort=["bogus"]),
    "batch without end": lambda door, contact, key: door.batch(contact, [{"action": "delete", "id": key}] * 1001),
}
CRITERIA: dict[str, Any] = {
    "a list": [],
    "a text": "x",
    "a number": 5,
    "two things at once": {"and": [], "or": []},
    "an unknown key": {"field": "name", "value": "x", "bogus": 1},
    "an unknown field": {"field": "bogus", "value": 1},
    "an unknown relation": {"field": "bogus.name", "value": 1},
    "an unknown custom field": {"field": "custom.bogus", "value": 1},
    "a field that cannot be filtered": {"field": "custom", "value": 1},
    "an unknown operator": {"field": "name", "op": "bogus", "value": 1},
    "an operator of another type": {"field": "birth_date", "op": "contains", "value": "x"},
    "a wrong value": {"field": "birth_date", "value": "x"},
    "a value that is no list": {"field": "name", "op": "in", "value": "x"},
    "a huge list": {"field": "name", "op": "in", "value": ["x"] * 20_000},
    "a nul": {"field": "name", "value": "a\x00b"},
    "a lone surrogate": {"field": "name", "value": "\ud800"},
    "a huge number": {"field": "orders", "op": "any", "where": {"field": "total", "value": HUGE}},
    "a relative date too far": {"field": "created_at", "op": "within", "value": "99999999999y"},
    "depth": _deep(60),
    "great depth": _deep(900),
    "breadth": {"or": [{"field": "name", "value": "x"}] * 5_000},
    "a count of nothing": {"field": "orders", "op": "any", "where": {}, "count": {"gte": "x"}},
    "a wrong period": {"field": "orders", "op": "any", "where": {}, "within": "soon"},
    "a fault far inside": {"and": [{"or": [{"not": {"field": "bogus", "value": 1}}]}, {"field": "name", "op": "x"}]},
}


def _same_refusal(company: Company, call: Call) -> None:
    contact = registry.entity("contact")

    def scenario(script: Script) -> None:
        key = str(script.samples.make(contact).pk)
        before = row_counts()
        _refused(script, "call", call(script.door, contact, key))
        assert row_counts() == before

    same_through_both(company.people["administrator"], scenario)


@pytest.mark.parametrize("name", CONTACT_CALLS)
def test_a_call_that_makes_no_sense_is_refused_alike(company: Company, name: str) -> None:
    _same_refusal(company, CONTACT_CALLS[name])


@pytest.mark.parametrize("name", CRITERIA)
def test_criteria_that_make_no_sense_are_refused_alike(company: Company, name: str) -> None:
    _same_refusal(company, lambda door, contact, key: door.search(contact, where=CRITERIA[name]))


@pytest.mark.parametrize("name", CRITERIA)
def test_aggregates_refuse_the_same_criteria(company: Company, name: str) -> None:
    _same_refusal(company, lambda door, contact, key: door.aggregate(contact, where=CRITERIA[name]))


@pytest.mark.parametrize("kind", [RestDoor, GraphQLDoor])
def test_the_place_is_told_also_where_the_transports_check_at_different_moments(company: Company, kind: Any) -> None:
    contact = registry.entity("contact")
    door = kind(company.people["administrator"].key)
    key = Samples(start=1000).make(contact).pk
    for outcome, place in (
        (door.feed(contact, key, "history", limit=1000), "/limit"),
        (door.feed(contact, key, "timeline", limit=0), "/limit"),
        (door.search(contact, sort=[""]), "/sort/0"),
    ):
        assert isinstance(outcome, Problem)
        assert outcome.status in (400, 422)
        assert [pointer for pointer, _ in outcome.errors] == [place]


def test_items_of_a_batch_fail_by_themselves(company: Company) -> None:
    contact = registry.entity("contact")

    def scenario(script: Script) -> None:
        key = str(script.samples.make(contact).pk)
        items: list[dict[str, Any]] = [
            {"action": "create", "values": {"first_name": 5}},
            {"action": "create", "values": {"bogus": 1}},
            {"action": "create", "values": {"email": "ann@example.com"}, "id": key},
            {"action": "create", "values": {"first_name": "nul \x00"}},
            {"action": "update", "values": {"city": "Bath"}},
            {"action": "update", "id": key, "values": {"birth_date": "x"}, "version": 1},
            {"action": "update", "id": key, "values": {"city": "Bath"}, "version": 9},
            {"action": "upsert", "key": "bogus", "values": {"city": "Bath"}},
            {"action": "upsert", "key": "email", "values": {"city": "Bath"}},
            {"action": "upsert", "key": "email", "values": {"email": 5}},
            {"action": "delete", "id": "00000000-0000-0000-0000-000000000000"},
            {"action": "restore", "id": key},
        ]
        before = row_counts()
        results = script.done("batch", script.door.batch(contact, items))
        assert {result["status"] for result in results} == {"failed"}
        assert row_counts() == before
        good = {"action": "create", "values": {"first_name": "Ann"}}
        results = script.done("atomic", script.door.batch(contact, [good, *items], atomic=True))
        assert results[0]["status"] == "rolled_back"
        assert row_counts() == before

    same_through_both(company.people["administrator"], scenario)
