"""Every kind of record through its whole life, by everybody, through both doors."""

from __future__ import annotations

from typing import Any

import pytest

from core import registry
from core.registry.entities import Entity
from tests.parity.script import Script, same_through_both
from tests.support.people import Company
from tests.support.samples import same

pytestmark = pytest.mark.usefixtures("undone")

CREATED = [item.name for item in registry.entities() if "create" in item.verbs]


@pytest.mark.parametrize("name", CREATED)
def test_a_record_lives_the_same_life_through_both_doors(company: Company, name: str) -> None:
    entity = registry.entity(name)

    def life(script: Script) -> None:
        first, record = _birth(script, entity)
        _reading(script, entity, record)
        if "update" in entity.verbs:
            _change(script, entity, record)
        if "delete" in entity.verbs:
            _death(script, entity, first)

    same_through_both(company.people["administrator"], life)


def _birth(script: Script, entity: Entity) -> tuple[dict[str, Any], dict[str, Any]]:
    door, samples = script.door, script.samples
    first = script.done("create", door.create(entity, samples.minimal(entity)))
    values = samples.full(entity)
    record = script.done("create whole", door.create(entity, values))
    assert same(entity, values, record) == {}
    script.note("create of nothing", door.create(entity, {}))
    script.refused("create of the unknown", door.create(entity, samples.minimal(entity) | {"bogus": 1}), "invalid")
    return first, record


def _reading(script: Script, entity: Entity, record: dict[str, Any]) -> None:
    door = script.door
    assert script.done("get", door.get(entity, record["id"])) == record
    for sort in ((), ("id",), *((f"-{item.name}",) for item in entity.fields if item.sortable)):
        script.done(f"list by {sort}", door.list(entity, sort=sort))
    for item in entity.fields:
        if item.filterable and item.readable and record[item.name] is not None and "eq" in item.type.operators:
            where = {"field": item.name, "value": record[item.name]}
            found = script.done(f"search by {item.name}", door.search(entity, where=where))
            assert record["id"] in [row["id"] for row in found.rows], item.name
    relations = tuple(relation.name for relation in entity.relations)
    script.done("get with relations", door.get(entity, record["id"], expand=relations))
    script.done("list with relations", door.list(entity, expand=relations, limit=5))
    groups = [item.name for item in entity.fields if item.groupable]
    for item in groups:
        bucket = {"bucket": "month"} if entity.by_name[item].type.name in ("date", "datetime") else {}
        script.done(f"aggregate by {item}", door.aggregate(entity, group_by=[{"field": item, **bucket}]))
    for item in entity.fields:
        if item.type.is_number and item.readable:
            measures = [{"fn": fn, "field": item.name} for fn in ("sum", "avg", "min", "max")]
            script.note(f"aggregate of {item.name}", door.aggregate(entity, measures=measures))
    for feed in entity.feeds:
        script.done(feed.name, door.feed(entity, record["id"], feed.name))


def _change(script: Script, entity: Entity, record: dict[str, Any]) -> None:
    door, samples = script.door, script.samples
    stored = entity.model._default_manager.get(pk=record["id"])
    values = samples.changes(entity, stored)
    changed = script.done("update", door.update(entity, record["id"], values, version=record["version"]))
    assert same(entity, values, changed) == {}
    assert changed["version"] == record["version"] + 1
    stale = script.refused("stale", door.update(entity, record["id"], values, version=1), "stale_version")
    assert stale.status == 412
    script.refused("stale delete", door.delete(entity, record["id"], version=1), "stale_version")
    assert script.done("unchanged", door.update(entity, record["id"], {})) == changed
    for item in entity.input_fields():
        if not item.create_only and item.name in changed:
            script.note(f"null {item.name}", door.update(entity, record["id"], {item.name: None}))
    for item in entity.fields:
        if not item.writable:
            refused = door.update(entity, record["id"], {item.name: record.get(item.name)})
            # REST says that it cannot be written; in GraphQL there is no such input.
            assert (refused.code, refused.status) == ("invalid", 422), item.name
    script.done("history", door.feed(entity, record["id"], "history"))


def _death(script: Script, entity: Entity, record: dict[str, Any]) -> None:
    door, key = script.door, record["id"]
    script.refused("restore of the living", door.restore(entity, key), "conflict")
    script.done("delete", door.delete(entity, key))
    calls = {"get": lambda: door.get(entity, key), "delete": lambda: door.delete(entity, key)}
    if "update" in entity.verbs:
        calls["update"] = lambda: door.update(entity, key, {})
    for label, call in calls.items():
        outcome = call()
        assert script.refused(f"{label} of the deleted", outcome, "not_found").status == 404
    assert key not in [row["id"] for row in script.done("list", door.list(entity)).rows]
    assert key in [row["id"] for row in script.done("list deleted", door.list(entity, deleted=True)).rows]
    assert script.done("get deleted", door.get(entity, key, deleted=True))["deleted_at"] is not None
    script.done("history of the deleted", door.feed(entity, key, "history", deleted=True))
    back = script.done("restore", door.restore(entity, key))
    assert back["deleted_at"] is None
    assert script.done("get restored", door.get(entity, key)) == back
