"""Input types: what a record may be created or changed with, and the parameters of operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import graphene

from core.graphql.book import Book
from core.graphql.custom import input_field
from core.graphql.names import camel, pascal
from core.registry.entities import Entity
from core.registry.fields import Field, ListOf, Shape
from core.registry.types import FieldType

# Input whose faults the domain call itself reports: an item of a batch fails alone, not the whole request.
CHECKED_LATER = ("BatchValues", "BatchItem", "AggregateGroupInput", "AggregateMeasureInput")


def create_input(book: Book, entity: Entity) -> Any:
    """`ContactCreateInput`."""
    name = f"{entity.title}CreateInput"
    return _input(book, name, entity.title, entity.input_fields(), required=True, custom=input_field(book, entity))


def update_input(book: Book, entity: Entity) -> Any:
    """`ContactUpdateInput`: what is absent stays, what is null is emptied."""
    name = f"{entity.title}UpdateInput"
    fields = [item for item in entity.input_fields() if not item.create_only]
    return _input(book, name, entity.title, fields, required=False, custom=input_field(book, entity))


def batch_values(book: Book, entity: Entity) -> Any:
    """`ContactBatchValues`: the fields of one item of a batch, to create or to change with."""
    name, custom = f"{entity.title}BatchValues", input_field(book, entity)
    return _input(book, name, entity.title, entity.input_fields(), required=False, custom=custom)


def parameters(book: Book, owner: str, fields: Iterable[Field]) -> dict[str, graphene.Argument]:
    """The arguments of an operation."""
    return {
        item.name: graphene.Argument(
            _of_field(book, item, owner, required=True), name=camel(item.name), description=item.doc or None
        )
        for item in fields
        if item.writable
    }


def _input(
    book: Book,
    name: str,
    owner: str,
    fields: Iterable[Field],
    *,
    required: bool,
    custom: Mapping[str, Any] | None = None,
) -> Any:
    attributes: dict[str, Any] = {
        item.name: graphene.InputField(
            _of_field(book, item, owner, required=required), name=camel(item.name), description=item.doc or None
        )
        for item in fields
    } | dict(custom or {})
    # A plain dict: absent and null stay two different things.
    meta = type("Meta", (), {"name": name, "container": dict})
    return book.once(name, owner, lambda: type(name, (graphene.InputObjectType,), {**attributes, "Meta": meta}))


def _of_field(book: Book, item: Field, owner: str, *, required: bool) -> Any:
    kind = _kind(book, item.type, owner + pascal(item.name))
    return graphene.NonNull(kind) if required and item.required else kind


def _kind(book: Book, kind: FieldType, name: str) -> Any:
    match kind:
        case Shape():
            title = kind.title or name
            return _input(
                book, title if title.endswith("Input") else f"{title}Input", title, kind.fields, required=True
            )
        case ListOf():
            return graphene.List(graphene.NonNull(_kind(book, kind.inner, name)))
        case _:
            return book.leaf(kind, name)
