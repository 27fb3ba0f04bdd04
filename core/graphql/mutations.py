"""Mutation fields of an entity: create, update, delete, restore, batch. Each is one call of its writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from operator import itemgetter
from typing import Any

import graphene

from core.errors import Forbidden, Invalid
from core.graphql.book import Book, Member
from core.graphql.custom import checking_all, merged
from core.graphql.inputs import batch_values, create_input, update_input
from core.graphql.meaning import Part, Value
from core.graphql.names import camel, pascal
from core.graphql.plan import RootCall
from core.graphql.reading import Environment
from core.graphql.records import record_type
from core.graphql.roots import (
    INPUT,
    Bound,
    Check,
    Root,
    Values,
    in_one_transaction,
    payload,
    reading_in,
    record_id,
)
from core.registry.entities import Entity
from core.registry.fields import Field, ListOf, Shape
from core.registry.types import Choice, Id, Integer, Json, Text
from core.writes import batch
from core.writes.base import Writes

WRITE_COST = 10

PROBLEM = Shape(
    title="Problem",
    fields=(
        Field("code", Text(), "Stable, for programs.", nullable=False),
        Field("status", Integer(), "The HTTP status that REST would give.", nullable=False),
        Field("title", Text(), nullable=False),
        Field("detail", Text(), nullable=False),
        Field(
            "errors",
            ListOf(
                Shape(
                    title="ProblemError",
                    fields=(
                        Field("pointer", Text(), "A JSON Pointer to the place in the input.", nullable=False),
                        Field("code", Text(), nullable=False),
                        Field("message", Text(), nullable=False),
                    ),
                )
            ),
            nullable=False,
        ),
        Field("data", Json()),
    ),
)
RESULT = Shape(
    title="BatchResult",
    fields=(
        Field("index", Integer(), "Which item, counted from 0.", nullable=False),
        Field(
            "status",
            Choice(options=("created", "updated", "deleted", "restored", "failed", "rolled_back")),
            nullable=False,
        ),
        Field("id", Id()),
        Field("version", Integer()),
        Field("error", PROBLEM),
    ),
)
_PROBLEM_DEFAULTS = {"data": None}


def of_entity(book: Book, entity: Entity) -> list[Root]:
    """The mutations that the entity offers."""
    writes = entity.writes
    if writes is None or not entity.verbs:
        return []
    makers = {"create": _create, "update": _update, "delete": _delete, "restore": _restore}
    verbs = [make(book, entity, writes) for verb, make in makers.items() if verb in entity.verbs]
    return [*verbs, _batch(book, entity)]


def payload_type(book: Book, entity: Entity) -> Any:
    """`ContactPayload`: the id of what was written, and the record as it is now, where the caller may see it."""
    name = f"{entity.title}Payload"
    members = [
        Member("id", graphene.NonNull(graphene.ID), Value("id")),
        Member(camel(entity.name), lambda: record_type(book, entity), Part(itemgetter("record"), record=True)),
    ]
    return book.once(name, entity.name, lambda: book.object(name, members))


def writing(
    entity: Entity, write: Callable[[Values, Environment], Any], *, deleted: bool = False
) -> Callable[[Values, RootCall, Values], Bound]:
    """The binding of a mutation whose `write` returns the record's id, or None where there is none to show."""

    def bind(arguments: Values, call: RootCall, variables: Values) -> Bound:
        reading = reading_in(call, variables)

        def run(env: Environment) -> Any:
            return payload(entity, write(arguments, env), reading, env, deleted=deleted)

        return Bound(WRITE_COST + (reading.cost if reading else 0), in_one_transaction(run))

    return bind


def _create(book: Book, entity: Entity, writes: Writes[Any]) -> Root:
    def write(arguments: Values, env: Environment) -> Any:
        return writes.create(actor=env.actor, values=merged(entity, arguments[INPUT]), at=env.at).pk

    checks = {INPUT: checking_all(entity)}
    return _root(book, entity, "create", {INPUT: _input(create_input(book, entity))}, write, checks=checks)


def _update(book: Book, entity: Entity, writes: Writes[Any]) -> Root:
    def write(arguments: Values, env: Environment) -> Any:
        return writes.update(
            actor=env.actor,
            record_id=record_id(arguments["id"], entity),
            values=merged(entity, arguments[INPUT]),
            at=env.at,
            version=arguments.get("version"),
        ).pk

    args = {"id": _id(), INPUT: _input(update_input(book, entity)), "version": _version()}
    return _root(book, entity, "update", args, write, checks={INPUT: checking_all(entity, partial=True)})


def _delete(book: Book, entity: Entity, writes: Writes[Any]) -> Root:
    def write(arguments: Values, env: Environment) -> Any:
        return writes.delete(
            actor=env.actor,
            record_id=record_id(arguments["id"], entity),
            at=env.at,
            version=arguments.get("version"),
        ).pk

    return _root(book, entity, "delete", {"id": _id(), "version": _version()}, write, deleted=True)


def _restore(book: Book, entity: Entity, writes: Writes[Any]) -> Root:
    def write(arguments: Values, env: Environment) -> Any:
        return writes.restore(actor=env.actor, record_id=record_id(arguments["id"], entity), at=env.at).pk

    return _root(book, entity, "restore", {"id": _id()}, write)


def _batch(book: Book, entity: Entity) -> Root:
    def bind(arguments: Values, call: RootCall, variables: Values) -> Bound:
        items = arguments["items"]

        def run(env: Environment) -> list[dict[str, Any]]:
            # Whoever may write in no way at all is refused as a whole; the rest is for each item.
            if not any(env.actor.may(entity.name, verb) for verb in entity.verbs):
                raise Forbidden(entity=entity.name)
            atomic = bool(arguments.get("atomic"))
            plain = _plain(entity, items)
            results = batch.run(entity, actor=env.actor, at=env.at, items=plain, atomic=atomic)
            return [item | {"error": item["error"] and _PROBLEM_DEFAULTS | item["error"]} for item in results]

        return Bound(len(items) if isinstance(items, list) else 1, in_one_transaction(run))

    args = {
        "items": graphene.Argument(graphene.NonNull(graphene.List(graphene.NonNull(_item(book, entity))))),
        "atomic": graphene.Argument(graphene.Boolean, default_value=False, description="Undo all of it if one fails."),
    }
    name = f"batch{pascal(entity.plural)}"
    kind = book.output(ListOf(RESULT), "BatchResult")
    doc = f"Up to {batch.MAX_ITEMS} writes, with a result per item."
    return Root(Member(name, kind, doc=doc, args=args), bind)


def _plain(entity: Entity, items: Any) -> Any:
    """The items with their custom fields where REST has them; what is wrong with one is said of it alone."""
    if not isinstance(items, list):
        return items
    return [_plain_item(entity, item) for item in items]


def _plain_item(entity: Entity, item: Any) -> Any:
    if isinstance(item, dict) and "values" in item:
        with suppress(Invalid):
            return item | {"values": merged(entity, item["values"])}
    return item


def _item(book: Book, entity: Entity) -> Any:
    name = f"{entity.title}BatchItem"
    action = book.leaf(Choice(options=batch.ACTIONS), "BatchAction")
    attributes = {
        "action": graphene.InputField(graphene.NonNull(action)),
        "id": graphene.InputField(graphene.ID),
        "key": graphene.InputField(
            graphene.String, description=f"Find the record by this field of its values: {', '.join(entity.keys)}."
        ),
        "values": graphene.InputField(batch_values(book, entity)),
        "version": graphene.InputField(graphene.Int),
    }
    meta = type("Meta", (), {"name": name, "container": dict})
    return book.once(name, entity.name, lambda: type(name, (graphene.InputObjectType,), {**attributes, "Meta": meta}))


def _root(
    book: Book,
    entity: Entity,
    verb: str,
    args: dict[str, graphene.Argument],
    write: Callable[[Values, Environment], Any],
    *,
    deleted: bool = False,
    checks: Mapping[str, Check] | None = None,
) -> Root:
    member = Member(verb + entity.title, payload_type(book, entity), args=args)
    return Root(member, writing(entity, write, deleted=deleted), checks or {})


def _id() -> graphene.Argument:
    return graphene.Argument(graphene.NonNull(graphene.ID))


def _input(kind: Any) -> graphene.Argument:
    return graphene.Argument(graphene.NonNull(kind), name="input")


def _version() -> graphene.Argument:
    return graphene.Argument(graphene.Int, description="Refuse if the record has moved on from this version.")
