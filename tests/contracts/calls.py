"""Every call that the APIs offer, generated from the registry, with the grant that it needs and where it is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core import registry
from core.graphql.names import camel, pascal
from core.models.record import Record
from core.registry.entities import Entity
from core.registry.operations import Operation, OperationKind
from core.rest.routes import route_of
from tests.support import rules
from tests.support.doors import Door, Outcome
from tests.support.people import Company, Person
from tests.support.samples import Samples

RECORD = "<uuid:record_id>"


@dataclass(frozen=True)
class Call:
    """One call. `action` is what must be granted; a call on a record also depends on whose it is.

    `before` brings the record into the state that the call is for. `also` is a second grant that it needs.
    """

    name: str
    entity: str
    action: str
    route: str
    method: str
    field: str
    run: Callable[[Door, Samples, Record | None], Outcome]
    on_record: bool = False
    before: Callable[[Record, Samples], None] | None = None
    also: tuple[str, str] | None = None


def all_calls() -> Iterator[Call]:
    """Every call."""
    for entity in registry.entities():
        yield from of_entity(entity)
    yield from (_operation(item) for item in registry.operations())


def of_entity(entity: Entity) -> Iterator[Call]:
    """The calls of one kind of record."""
    yield from _reads(entity)
    if entity.writes is not None and entity.verbs:
        yield from _writes(entity)
    yield from (_operation(item) for item in entity.operations)


def _reads(entity: Entity) -> Iterator[Call]:
    name, base = entity.name, entity.plural
    many, single = f"Query.{camel(base)}", f"Query.{camel(name)}"
    yield Call("list", name, "view", base, "GET", many, lambda door, _, __: door.list(entity, limit=1))
    yield Call("search", name, "view", f"{base}/search", "POST", many, lambda door, _, __: door.search(entity, limit=1))
    count: Callable[..., Outcome] = lambda door, _, __: door.aggregate(entity)  # noqa: E731
    yield Call("aggregate", name, "view", f"{base}/aggregate", "POST", f"Query.{camel(name)}Aggregate", count)
    get: Callable[..., Outcome] = lambda door, _, record: door.get(entity, record.pk)  # noqa: E731
    yield Call("get", name, "view", f"{base}/{RECORD}", "GET", single, get, on_record=True)
    for feed in entity.feeds:
        read = _feed(entity, feed.name)
        route = f"{base}/{RECORD}/{feed.name}"
        field, also = f"{entity.title}.{camel(feed.name)}", rules.ALSO.get(feed.name)
        yield Call(feed.name, name, "view", route, "GET", field, read, on_record=True, also=also)


def _feed(entity: Entity, name: str) -> Callable[..., Outcome]:
    return lambda door, _, record: door.feed(entity, record.pk, name)


def _writes(entity: Entity) -> Iterator[Call]:
    name, base = entity.name, entity.plural
    record = f"{base}/{RECORD}"
    made: dict[str, Call] = {
        "create": Call(
            "create", name, "create", base, "POST", f"Mutation.create{entity.title}",
            lambda door, samples, _: door.create(entity, samples.minimal(entity)),
        ),
        "update": Call(
            "update", name, "update", record, "PATCH", f"Mutation.update{entity.title}",
            lambda door, _, record: door.update(entity, record.pk, {}), on_record=True,
        ),
        "delete": Call(
            "delete", name, "delete", record, "DELETE", f"Mutation.delete{entity.title}",
            lambda door, _, record: door.delete(entity, record.pk), on_record=True,
        ),
        "restore": Call(
            "restore", name, "restore", f"{record}/restore", "POST", f"Mutation.restore{entity.title}",
            lambda door, _, record: door.restore(entity, record.pk), on_record=True, before=_delete,
        ),
    }  # fmt: skip
    yield from (call for verb, call in made.items() if verb in entity.verbs)
    field = f"Mutation.batch{pascal(base)}"
    yield Call("batch", name, "*", f"{base}/batch", "POST", field, lambda door, _, __: door.batch(entity, []))


def _delete(record: Record, samples: Samples) -> None:
    type(record)._default_manager.filter(pk=record.pk).update(deleted_at=samples.at)


def _operation(item: Operation) -> Call:
    root = "Query" if item.kind is OperationKind.QUERY else "Mutation"

    def run(door: Door, samples: Samples, record: Record | None) -> Outcome:
        values = samples.input_of(item, record)
        return door.operation(item, record.pk if record is not None and item.on_record else None, values)

    return Call(
        name=item.name,
        entity=item.entity,
        action=item.action,
        route=route_of(item),
        method=item.method,
        field=f"{root}.{camel(item.name)}",
        run=run,
        on_record=item.on_record,
        before=rules.BEFORE.get(item.name),
        also=rules.ALSO.get(item.name),
    )


def told_apart(entity: Entity, company: Company, person: Person, samples: Samples) -> dict[str, Record]:
    """A record of everybody whose records the person may be told apart from; one where it makes no difference."""
    hands = company.hands(person)
    actions = ("view", *(item.action for item in of_entity(entity) if item.on_record))
    reaches = {str(reach) for action in actions for reach in person.visibilities(entity.name, action)}
    if entity.model.scope.is_open or reaches <= {"all"}:
        hands = {"other": hands["other"]}
    return {whose: given.give(samples, entity) for whose, given in hands.items()}
