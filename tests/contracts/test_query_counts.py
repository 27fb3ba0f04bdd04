"""How many queries each call of both APIs takes: no more with more rows, and as many as the committed file says.

After an intended change: `QUERY_COUNTS=rewrite python -m pytest -n0 tests/contracts/test_query_counts.py`, and review.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core import registry
from core.models.record import Record
from core.registry.entities import Entity
from tests.contracts import calls
from tests.support import rules, shared
from tests.support.doors import Door, Outcome, Problem
from tests.support.doors.graphql import GraphQLDoor
from tests.support.doors.rest import RestDoor
from tests.support.people import Company
from tests.support.queries import counted
from tests.support.samples import Samples

pytestmark = pytest.mark.usefixtures("undone")

BASELINE = Path(__file__).with_name("query_counts.json")
IS_REWRITING = os.environ.get("QUERY_COUNTS") == "rewrite"
FEW, MANY = 2, 6
DOORS = {"rest": RestDoor, "graphql": GraphQLDoor}
Counts = dict[str, dict[str, int]]


@pytest.mark.parametrize("name", [item.name for item in registry.entities()])
def test_queries_do_not_grow_with_rows_and_are_as_many_as_committed(company: Company, name: str) -> None:
    entity = registry.entity(name)
    key = company.people["administrator"].key
    samples = Samples(start=8000)
    records = [_with_relatives(entity, samples) for _ in range(FEW)]
    counts = _counts(entity, key, records[0])
    records += [_with_relatives(entity, samples) for _ in range(MANY - FEW)]
    assert _flat(_counts(entity, key, records[0])) == _flat(counts)
    _compare(name, counts)


def test_the_committed_counts_are_of_what_there_is() -> None:
    assert set(json.loads(BASELINE.read_text())) == {item.name for item in registry.entities()}


def _with_relatives(entity: Entity, samples: Samples) -> Record:
    """A record with everything it can have, and another one at the end of each of its relations."""
    record = samples.make(entity, full=True)
    for relation in entity.relations:
        target = registry.entity(relation.target)
        written = {item.attribute for item in target.input_fields()}
        if relation.reverse and "create" in target.verbs and relation.column in written:
            needed = rules.relative(entity.name, relation.name, samples, record)
            if needed is not None:
                samples.make(target, **{relation.column: str(record.pk)}, **needed)
    return record


def _counts(entity: Entity, key: str | None, record: Record) -> Counts:
    found: Counts = {}
    for door_name, kind in DOORS.items():
        door = kind(key)
        found[door_name] = {}
        # The same values each time: a choice that happens to stay as it is is one change less.
        for label, call in _calls(entity, door, Samples(start=9000), record):
            for _ in ("what is kept between calls", "measured"):
                with shared.undone():
                    prepared = call()
                    with counted() as sent:
                        outcome = prepared()
            assert not isinstance(outcome, Problem) or outcome.status in (409, 422), (label, outcome)
            found[door_name][label] = len(sent)
    return found


def _calls(
    entity: Entity, door: Door, samples: Samples, record: Record
) -> Iterator[tuple[str, Callable[[], Callable[[], Outcome]]]]:
    """Calls by name: each first prepares its input, then is made."""
    relations = tuple(relation.name for relation in entity.relations)
    groups = [item.name for item in entity.fields if item.groupable and item.type.name not in ("date", "datetime")][:2]
    where = {"field": "id", "op": "is_null", "value": False}
    yield "list", lambda: lambda: door.list(entity)
    yield "list with relations", lambda: lambda: door.list(entity, expand=relations, limit=15)
    yield "search", lambda: lambda: door.search(entity, where=where, limit=20)
    yield "get with relations", lambda: lambda: door.get(entity, record.pk, expand=relations)
    yield "aggregate by groups", lambda: lambda: door.aggregate(entity, group_by=[{"field": item} for item in groups])
    for call in calls.of_entity(entity):
        if call.name not in ("list", "search"):
            yield call.name, _prepared(call, door, samples, record)
    if "update" in entity.verbs:
        yield "update of everything", lambda: _update(entity, door, samples, record)


def _prepared(call: calls.Call, door: Door, samples: Samples, record: Record) -> Callable[[], Callable[[], Outcome]]:
    def prepare() -> Callable[[], Outcome]:
        if call.before is not None:
            call.before(record, samples)
        ready = _Ready(samples, call, record)
        return lambda: call.run(door, ready, record)

    return prepare


def _update(entity: Entity, door: Door, samples: Samples, record: Record) -> Callable[[], Outcome]:
    values = samples.changes(entity, record)
    return lambda: door.update(entity, record.pk, values)


class _Ready(Samples):
    """Samples that were made before, so that making them is not counted."""

    def __init__(self, samples: Samples, call: calls.Call, record: Record) -> None:
        super().__init__(start=samples.next())
        operations = [*registry.operations(), *(item for one in registry.entities() for item in one.operations)]
        operation = next((item for item in operations if item.name == call.name), None)
        self.values: dict[str, Any] = {}
        if call.name == "create":
            self.values = samples.minimal(call.entity)
        elif operation is not None:
            self.values = samples.input_of(operation, record)

    def minimal(self, entity: Entity | str, /, **given: Any) -> dict[str, Any]:
        return self.values

    def input_of(self, operation: Any, record: Record | None, *, full: bool = False) -> dict[str, Any]:
        return self.values


def _compare(name: str, counts: Counts) -> None:
    committed = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    if IS_REWRITING:
        committed[name] = counts
        known = {item.name for item in registry.entities()}
        kept = {key: value for key, value in sorted(committed.items()) if key in known}
        BASELINE.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
        return
    was, now = _flat(committed.get(name, {})), _flat(counts)
    different = {key: (was.get(key), now.get(key)) for key in was | now if was.get(key) != now.get(key)}
    assert different == {}, f"(committed, now) of {name}"


def _flat(counts: Counts) -> dict[str, int]:
    return {f"{door} {label}": number for door, found in counts.items() for label, number in found.items()}
