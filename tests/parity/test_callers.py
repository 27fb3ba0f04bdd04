"""Callers with limits get the same of their own, their team's and others' records through both doors."""

from __future__ import annotations

from typing import Any

import pytest

from core import registry
from core.models.record import Record
from core.registry.entities import Entity
from tests.parity.script import Script, same_through_both
from tests.support import rules
from tests.support.people import Company, Person

pytestmark = pytest.mark.usefixtures("undone")

ENTITIES = [item.name for item in registry.entities()]


@pytest.mark.parametrize("caller", ["sales", "manager of Alder", "anonymous"])
@pytest.mark.parametrize("name", ENTITIES)
def test_a_caller_with_limits_gets_the_same_through_both_doors(company: Company, name: str, caller: str) -> None:
    entity, person = registry.entity(name), company.people[caller]

    def scenario(script: Script) -> None:
        records = _records(script, entity, company, person)
        _lists(script, entity)
        for whose, record in records.items():
            _one(script, entity, whose, record)
        _new(script, entity)
        if entity.verbs:
            items = _items(script, entity, [str(record.pk) for record in records.values()])
            script.note("batch", script.door.batch(entity, items))
            script.note("atomic batch", script.door.batch(entity, items, atomic=True))

    same_through_both(person, scenario)


def _records(script: Script, entity: Entity, company: Company, person: Person) -> dict[str, Record]:
    records = {}
    for whose, hands in company.hands(person).items():
        records[whose] = script.samples.make(entity)
        hands.take(records[whose])
    return records


def _lists(script: Script, entity: Entity) -> None:
    door = script.door
    relations = tuple(relation.name for relation in entity.relations)
    script.note("list", door.list(entity, expand=relations, limit=15))
    script.note("search", door.search(entity, where={"not": {"field": "id", "op": "is_null", "value": True}}))
    if "restore" in entity.verbs:
        script.note("list deleted", door.list(entity, deleted=True))
    script.note("count", door.aggregate(entity))
    for item in entity.fields:
        if item.needs:
            script.note(f"search by {item.name}", door.search(entity, where={"field": item.name, "op": "is_null"}))
            script.note(f"sum of {item.name}", door.aggregate(entity, measures=[{"fn": "sum", "field": item.name}]))
    for relation in entity.relations:
        where: Any = {"field": relation.name, "op": "any", "where": {}} if relation.many else None
        where = where or {"field": f"{relation.name}.id", "op": "is_null", "value": False}
        script.note(f"search by {relation.name}", door.search(entity, where=where))


def _one(script: Script, entity: Entity, whose: str, record: Record) -> None:
    door, key = script.door, record.pk
    script.note(f"get {whose}", door.get(entity, key))
    for feed in entity.feeds:
        script.note(f"{feed.name} of {whose}", door.feed(entity, key, feed.name))
    for operation in entity.operations:
        values = script.samples.input_of(operation, record)
        target = key if operation.on_record else None
        script.note(f"{operation.name} {whose}", door.operation(operation, target, values))
    if "update" in entity.verbs:
        script.note(f"update {whose}", door.update(entity, key, script.samples.changes(entity, record)))
    if "delete" in entity.verbs:
        script.note(f"delete {whose}", door.delete(entity, key))
    if "restore" in entity.verbs:
        script.note(f"restore {whose}", door.restore(entity, key))


def _new(script: Script, entity: Entity) -> None:
    if "create" not in entity.verbs:
        return
    script.note("create", script.door.create(entity, script.samples.minimal(entity)))
    script.note("create whole", script.door.create(entity, script.samples.full(entity)))


def _items(script: Script, entity: Entity, keys: list[str]) -> list[dict[str, Any]]:
    samples, rule = script.samples, rules.of(entity.name)
    items: list[dict[str, Any]] = []
    for verb in ("create", "update", "delete", "restore"):
        if verb == "create" and verb in entity.verbs:
            items.append({"action": verb, "values": samples.minimal(entity)})
            items += [
                {"action": "upsert", "key": key, "values": samples.full(entity)}
                for key in entity.keys
                if key not in rule.not_at_creation
            ]
        elif verb in entity.verbs:
            items += [{"action": verb, "id": key} | ({"values": {}} if verb == "update" else {}) for key in keys]
    return [*items, {"action": "update", "values": {}}, {"action": "delete", "id": keys[0], "version": 99}]
