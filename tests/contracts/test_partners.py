"""Two partners against each other: nothing of the one's is told to the other, by any call of either API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from django.db import IntegrityError, transaction

from core import registry
from core.ids import new_id
from core.models.record import Record
from core.registry.entities import Entity
from core.registry.fields import Relation
from tests.contracts import calls
from tests.support import shared
from tests.support.doors import Door, Outcome, Page, Problem
from tests.support.doors.graphql import GraphQLDoor
from tests.support.doors.rest import RestDoor
from tests.support.people import Company, Hands, Person
from tests.support.samples import Samples

pytestmark = pytest.mark.usefixtures("undone")

MARK = "Quetzal "
DOORS = pytest.mark.parametrize("kind", [RestDoor, GraphQLDoor], ids=["rest", "graphql"])
SCOPED = [item.name for item in registry.entities() if not item.model.scope.is_open]


@dataclass
class Sides:
    """The records of both partners by kind, and the person of the first who tries to see the second's."""

    reader: Person
    ours: Person
    mine: dict[str, Record]
    theirs: dict[str, Record]
    secrets: tuple[bytes, ...]

    def told(self, door: Door) -> list[bytes]:
        """Which of the other's secrets the last answer told."""
        return [secret for secret in self.secrets if secret in door.body]


@pytest.fixture(scope="module")
def sides(company: Company) -> Sides:
    reader, other = company.people["manager of Alder"], company.people["manager of Birch"]
    assert reader.user is not None
    assert other.user is not None
    own = _belongings(Hands(reader.user, None, company.partners["Alder"]), Samples(start=100))
    samples = Samples(start=40_000, marker=MARK)
    theirs = _belongings(Hands(other.user, None, company.partners["Birch"]), samples)
    ids = [str(record.pk).encode() for record in theirs.values()]
    secrets = (MARK.strip().encode(), b"Birch", b"birch", *ids)
    return Sides(reader, company.people["administrator"], own, theirs, secrets)


# Who they are, which is there already, or has no texts to mark.
_MADE_WITH_THEM = ("partner_organisation", "partner_person", "team", "user")


def _belongings(hands: Hands, samples: Samples) -> dict[str, Record]:
    """A record of every kind that can be somebody's; with all its texts where it is written through an API."""
    found = {}
    for name in SCOPED:
        entity = registry.entity(name)
        if entity.writes is not None and "create" in entity.verbs and name not in _MADE_WITH_THEM:
            found[name] = samples.make(entity, full=True)
            hands.take(found[name])
        else:
            found[name] = hands.give(samples, entity)
    return found


def _link(sides: Sides) -> None:
    """Let the reader's records point at the other's, as one of our own might have done."""
    for name, record in sides.mine.items():
        entity = registry.entity(name)
        scope = {path for paths in (record.scope.owner, record.scope.team, record.scope.partner) for path in paths}
        for relation in entity.relations:
            fixed = any(path.split("__")[0] == relation.column.removesuffix("_id") for path in scope)
            if relation.reverse or fixed or relation.target not in sides.theirs or relation.column in scope:
                continue
            target = sides.theirs[relation.target].pk
            # What the database itself refuses, nobody can have done.
            with suppress(IntegrityError), transaction.atomic():
                type(record)._default_manager.filter(pk=record.pk).update(**{relation.column: target})


def _granted(sides: Sides, entity: Entity) -> bool:
    return bool(sides.reader.visibilities(entity.name, "view"))


def _paths(entity: Entity, depth: int = 2) -> Iterator[str]:
    for relation in entity.relations:
        yield relation.name
        if depth > 1:
            yield from (f"{relation.name}.{path}" for path in _paths(registry.entity(relation.target), depth - 1))


def _reads(sides: Sides, door: Door, entity: Entity) -> Iterator[tuple[str, Outcome]]:
    """Everything that can be read of this kind of record."""
    record = sides.mine.get(entity.name)
    yield "list", door.list(entity, limit=200)
    for path in _paths(entity):
        yield f"list with {path}", door.list(entity, expand=(path,), limit=5)
    for item in entity.fields:
        if item.groupable:
            bucket = {"bucket": "year"} if item.type.name in ("date", "datetime") else {}
            yield f"groups by {item.name}", door.aggregate(entity, group_by=[{"field": item.name, **bucket}])
    for relation in entity.relations:
        for item in registry.entity(relation.target).fields:
            if item.groupable and not relation.many and item.type.name not in ("date", "datetime"):
                field = f"{relation.name}.{item.name}"
                yield f"groups by {field}", door.aggregate(entity, group_by=[{"field": field}])
    if entity.search_fields:
        yield "quick search", door.list(entity, q=MARK.strip())
    if record is not None:
        yield "get", door.get(entity, record.pk, expand=tuple(_paths(entity, 1)))
        for feed in entity.feeds:
            yield feed.name, door.feed(entity, record.pk, feed.name)


INTERNAL = [(item.name, one.name) for item in registry.entities() for one in item.fields if one.internal]


@DOORS
@pytest.mark.parametrize(("name", "field"), INTERNAL)
def test_what_we_tell_each_other_is_not_told_to_partners(sides: Sides, name: str, field: str, kind: Any) -> None:
    entity, door = registry.entity(name), kind(sides.reader.key)
    record = sides.mine[name]
    # With a history of it.
    for word in ("first secret", "secret"):
        type(record)._default_manager.filter(pk=record.pk).update(**{entity.by_name[field].attribute: word})
    for label, _ in _reads(sides, door, entity):
        assert b"secret" not in door.body, label
    assert door.get(entity, record.pk)[field] is None
    for outcome in (
        door.search(entity, where={"field": field, "op": "contains", "value": "secret"}),
        door.list(entity, sort=[field]),
    ):
        assert isinstance(outcome, Problem)
    staff = kind(sides.ours.key)
    assert staff.get(entity, record.pk)[field] == "secret"


@DOORS
@pytest.mark.parametrize("name", [item.name for item in registry.entities()])
def test_nothing_of_another_partner_is_read(sides: Sides, name: str, kind: Any) -> None:
    entity, door = registry.entity(name), kind(sides.reader.key)
    for label, outcome in _reads(sides, door, entity):
        assert not sides.told(door), label
        if not _granted(sides, entity):
            assert isinstance(outcome, Problem), label
            assert outcome.status == 403, label
    if _granted(sides, entity) and name in sides.mine:
        ids = [row["id"] for row in door.list(entity, limit=200).rows]
        assert str(sides.mine[name].pk) in ids
        (group,) = door.aggregate(entity)
        assert group["values"]["count"] == len(ids)


@DOORS
@pytest.mark.parametrize("name", SCOPED)
def test_nothing_of_another_partner_is_reached_through_relations(sides: Sides, name: str, kind: Any) -> None:
    entity, door = registry.entity(name), kind(sides.reader.key)
    _link(sides)
    if not _granted(sides, entity):
        return
    named = [secret for secret in sides.secrets if b"-" not in secret]
    for label, outcome in _reads(sides, door, entity):
        assert not isinstance(outcome, Problem) or outcome.status < 500, (label, outcome)
        assert not [secret for secret in named if secret in door.body], label
    record = sides.mine[name]
    row = door.get(entity, record.pk, expand=tuple(_paths(entity, 1)))
    for relation in entity.relations:
        shown = row[relation.name]
        keys = [item["id"] for item in shown["data"]] if relation.many else [shown and shown["id"]]
        theirs = sides.theirs.get(relation.target)
        assert theirs is None or str(theirs.pk) not in keys, relation.name


@DOORS
@pytest.mark.parametrize("name", SCOPED)
def test_criteria_find_nothing_out_about_another_partner(sides: Sides, name: str, kind: Any) -> None:
    entity, door = registry.entity(name), kind(sides.reader.key)
    _link(sides)
    if not _granted(sides, entity):
        return
    for relation in entity.relations:
        for where in _probes(sides, relation):
            found = door.search(entity, where=where)
            # Kinds that the reader may not see at all are refused, or as good as empty.
            assert isinstance(found, Problem) or found.rows == [], where
            counted = door.aggregate(entity, where=where)
            assert isinstance(counted, Problem) or counted[0]["values"]["count"] == 0, where


def _probes(sides: Sides, relation: Relation) -> Iterator[dict[str, Any]]:
    target = registry.entity(relation.target)
    theirs = sides.theirs.get(target.name)
    if theirs is None:
        return
    inner: list[dict[str, Any]] = [{"field": "id", "value": str(theirs.pk)}]
    texts = [item for item in target.fields if item.filterable and item.readable and "contains" in item.type.operators]
    inner += [{"field": item.name, "op": "contains", "value": MARK.strip()} for item in texts]
    for where in inner:
        if relation.many:
            yield {"field": relation.name, "op": "any", "where": where}
        else:
            yield where | {"field": f"{relation.name}.{where['field']}"}


@DOORS
@pytest.mark.parametrize("name", SCOPED)
def test_what_is_hidden_is_as_what_does_not_exist(sides: Sides, name: str, kind: Any) -> None:
    entity, door = registry.entity(name), kind(sides.reader.key)
    theirs, absent = sides.theirs[name], sides.theirs[name].__class__(pk=new_id())
    for call in calls.of_entity(entity):
        if not call.on_record:
            continue
        answers = []
        for record in (theirs, absent):
            with shared.undone():
                # Input that fits the other's record: the secret would be in what is done with it.
                given = _Fixed(start=60_000, record=theirs)
                outcome = call.run(door, given, record)
            assert isinstance(outcome, Problem), call.name
            body = orjson.loads(door.body)
            body.pop("request_id", None)
            answers.append((door.status, orjson.dumps(body).replace(str(record.pk).encode(), b"<id>")))
        assert answers[0] == answers[1], call.name


class _Fixed(Samples):
    """Samples for one record, whichever is asked for."""

    def __init__(self, *, start: int, record: Record) -> None:
        super().__init__(start=start)
        self.record = record

    def input_of(self, operation: Any, record: Record | None, *, full: bool = False) -> dict[str, Any]:
        return super().input_of(operation, self.record, full=full)


@pytest.mark.parametrize("name", SCOPED)
def test_entity_tags_tell_nothing_of_what_is_hidden(sides: Sides, name: str) -> None:
    entity, door = registry.entity(name), RestDoor(sides.reader.key)
    for headers in ({"if_none_match": "*"}, {"if_match": "*"}, {"if_match": '"1"'}, {"if_match": '"99"'}):
        for method in ("GET", "PATCH", "DELETE"):
            answers = []
            for key in (sides.theirs[name].pk, new_id()):
                content = {} if method == "PATCH" else None
                outcome = door.send(method, f"{entity.plural}/{key}", content, **headers)
                assert isinstance(outcome, Problem)
                assert "ETag" not in door.headers
                answers.append((door.status, outcome.code))
            assert answers[0] == answers[1], (method, headers)


@DOORS
@pytest.mark.parametrize("name", [item.name for item in registry.entities() if "create" in item.verbs])
def test_writes_cannot_point_at_another_partners_records(sides: Sides, name: str, kind: Any) -> None:
    entity, door = registry.entity(name), kind(sides.reader.key)
    for verb in ("create", "update"):
        if not sides.reader.visibilities(name, verb):
            continue
        for item in entity.input_fields():
            theirs = sides.theirs.get(item.reference or "")
            if theirs is None or (verb == "update" and item.create_only):
                continue
            told = []
            for key in (theirs.pk, new_id()):
                values = {item.name: str(key)}
                with shared.undone():
                    if verb == "create":
                        outcome = door.create(entity, Samples(start=70_000).minimal(entity, **values))
                    else:
                        outcome = door.update(entity, sides.mine[name].pk, values)
                assert isinstance(outcome, Problem), item.name
                assert (f"/{item.name}", "not_found") in outcome.errors, outcome
                told.append(outcome)
            assert told[0] == told[1], item.name


@DOORS
@pytest.mark.parametrize("name", [item.name for item in registry.entities() if item.verbs])
def test_a_batch_by_key_finds_nothing_of_another_partners(sides: Sides, name: str, kind: Any) -> None:
    entity, door = registry.entity(name), kind(sides.reader.key)
    theirs = sides.theirs.get(name)
    if theirs is None or not any(sides.reader.visibilities(name, verb) for verb in entity.verbs):
        return
    before = type(theirs)._default_manager.filter(pk=theirs.pk).values().get()
    for key in entity.keys:
        value = getattr(theirs, entity.by_name[key].attribute)
        if value is None:
            continue
        results = []
        for wanted in (value, f"{value}x"):
            items = [
                {"action": action, "key": key, "values": {key: wanted}} for action in ("update", "delete", "restore")
            ]
            with shared.undone():
                results.append([(row["status"], row["error"]) for row in door.batch(entity, items)])
            assert not sides.told(door) or wanted == value
        assert results[0] == results[1], key
        with shared.undone():
            upserted = door.batch(entity, [{"action": "upsert", "key": key, "values": {key: value}}])
            assert str(theirs.pk) not in str(upserted)
    assert type(theirs)._default_manager.filter(pk=theirs.pk).values().get() == before


def test_both_partners_see_their_own(company: Company, sides: Sides) -> None:
    """That nothing is told would be easy if nothing were shown to anybody."""
    contact = registry.entity("contact")
    for person, own in (("manager of Alder", sides.mine), ("member of Birch", sides.theirs)):
        door = RestDoor(company.people[person].key)
        page = door.list(contact)
        assert isinstance(page, Page)
        assert str(own["contact"].pk) in [row["id"] for row in page.rows]
        assert (MARK.strip().encode() in door.body) is (own is sides.theirs)
