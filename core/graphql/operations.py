"""Root fields of the registry's operations: calls that are not plain reading or writing of a record."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import graphene

from core import downloads, registry
from core.errors import NotFound, StaleVersion
from core.graphql.book import Book, Member, SchemaClash
from core.graphql.inputs import parameters
from core.graphql.mutations import WRITE_COST, payload_type, writing
from core.graphql.names import camel, pascal
from core.graphql.plan import RootCall
from core.graphql.reading import Environment, reading_of
from core.graphql.records import record_type
from core.graphql.roots import Bound, Root, Values, checking_one, in_one_transaction, record_id
from core.reads import reader
from core.registry.entities import Entity, FeedPage
from core.registry.fields import ListOf, Shape, clean_values
from core.registry.operations import Operation, OperationKind
from core.registry.types import Attachment, FieldType

QUERY_COST = 50
_TARGET = "id"
_VERSION = "version"


def of_operation(book: Book, operation: Operation) -> Root:
    """`winDeal`."""
    args = parameters(book, pascal(operation.name), operation.input)
    if operation.on_record:
        args = _on_record(operation, args)
    member = Member(camel(operation.name), _kind(book, operation), doc=operation.doc, args=args)
    checks = {item.name: checking_one(item) for item in operation.input}
    if operation.output is None:
        entity = registry.entity(operation.entity)
        shown = _show if operation.kind is OperationKind.QUERY else _write
        return Root(member, shown(entity, operation), checks)
    return Root(member, _answer(operation, operation.output), checks)


def _on_record(operation: Operation, args: dict[str, graphene.Argument]) -> dict[str, graphene.Argument]:
    if _TARGET in args:
        raise SchemaClash(f"{operation.name} has an input called id, which already names its record")
    target = {_TARGET: graphene.Argument(graphene.NonNull(graphene.ID))}
    if operation.kind is OperationKind.MUTATION and _VERSION not in args:
        doc = "Refuse if the record has moved on from this version."
        return target | args | {_VERSION: graphene.Argument(graphene.Int, description=doc)}
    return target | args


def _kind(book: Book, operation: Operation) -> Any:
    if operation.output is not None:
        return book.output(operation.output, pascal(operation.name) + "Answer")
    entity = registry.entity(operation.entity)
    return record_type(book, entity) if operation.kind is OperationKind.QUERY else payload_type(book, entity)


def _call(operation: Operation, arguments: Values, env: Environment) -> tuple[Any, UUID | None]:
    """Check the grant, validate the input and run. Returns the result, and the record that it was about."""
    env.actor.require(operation.entity, operation.action)
    values = clean_values(operation.input, _known(operation, arguments))
    if not operation.on_record:
        return operation.run(actor=env.actor, at=env.at, **values), None
    entity = registry.entity(operation.entity)
    target = record_id(arguments[_TARGET], entity)
    if not _takes_version(operation) and arguments.get(_VERSION) is not None:
        _require_version(entity, target, arguments[_VERSION], env)
    return operation.run(actor=env.actor, at=env.at, record_id=target, **values), target


def _require_version(entity: Entity, target: UUID, version: int, env: Environment) -> None:
    rows = entity.model._default_manager.filter(pk=target).visible_to(env.actor)
    # Locked, so that the version still holds when the operation writes.
    current = rows.select_for_update(of=("self",), no_key=True).values_list("version", flat=True).first()
    if current is None:
        raise NotFound(entity=entity.name, id=str(target))
    if current != version:
        raise StaleVersion(current_version=current)


def _link(operation: Operation, found: Attachment, arguments: Values, target: UUID | None, env: Environment) -> Any:
    values = clean_values(operation.input, _known(operation, arguments))
    given = downloads.arguments_of(values, target)
    return downloads.offer(operation, found, actor=env.actor, arguments=given, at=env.at)


def _takes_version(operation: Operation) -> bool:
    """Whether the operation has an input of that name itself."""
    return any(item.name == _VERSION for item in operation.input)


def _known(operation: Operation, arguments: Values) -> dict[str, Any]:
    known = {item.name for item in operation.input}
    return {name: value for name, value in arguments.items() if name in known}


def _write(entity: Entity, operation: Operation) -> Any:
    def write(arguments: Values, env: Environment) -> Any:
        result, target = _call(operation, arguments, env)
        return target if result is None else getattr(result, "pk", result)

    return writing(entity, write)


def _show(entity: Entity, operation: Operation) -> Any:
    def bind(arguments: Values, call: RootCall, variables: Values) -> Bound:
        reading = reading_of((call.plan,), variables)

        def run(env: Environment) -> Any:
            result, _ = _call(operation, arguments, env)
            if result is None:
                return None
            key = getattr(result, "pk", result)
            row = reader.one(entity, key, actor=env.actor, at=env.at, selection=reading.selection)
            return reading.with_feeds(row, env)

        return Bound(QUERY_COST + reading.cost, run)

    return bind


def _answer(operation: Operation, kind: FieldType) -> Any:
    is_write = operation.kind is OperationKind.MUTATION

    def bind(arguments: Values, call: RootCall, variables: Values) -> Bound:
        def run(env: Environment) -> Any:
            result, target = _call(operation, arguments, env)
            if isinstance(result, Attachment):
                return _link(operation, result, arguments, target, env)
            return complete(kind, result.items if isinstance(result, FeedPage) else result)

        return Bound(WRITE_COST if is_write else QUERY_COST, in_one_transaction(run) if is_write else run)

    return bind


def complete(kind: FieldType, value: Any) -> Any:
    """An answer in wire form as plans expect it: every field of every object is there, null where it was left out."""
    if value is None:
        return None
    match kind:
        case Shape():
            return {item.name: complete(item.type, value.get(item.name)) for item in kind.fields if item.readable}
        case ListOf():
            return [complete(kind.inner, item) for item in value]
        case _:
            return value if isinstance(value, (str, bool, int, float, dict, list)) else kind.dump(value)
