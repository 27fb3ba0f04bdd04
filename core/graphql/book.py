"""The named types of the schema while it is built: each name once, and what every field stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import graphene
from graphql import GraphQLEnumType, GraphQLEnumValue

from core.downloads import LINK
from core.graphql.meaning import Meaning, Value
from core.graphql.names import camel, is_enum, pascal
from core.graphql.scalars import BY_NAME
from core.registry.custom import Definitions
from core.registry.fields import Field, ListOf, Shape
from core.registry.types import Choice, Download, FieldType, TextList

T = TypeVar("T")
Resolver = Callable[..., Any]


class SchemaClash(Exception):
    """Two things of the registry would have the same name in GraphQL; the program must not start."""


@dataclass(frozen=True)
class Member:
    """One field of an object type. `kind` is a graphene type, or a function that gives it."""

    name: str
    kind: Any
    meaning: Meaning | None = None
    doc: str = ""
    args: dict[str, graphene.Argument] = field(default_factory=dict)


class Book:
    """All types made so far."""

    def __init__(self, resolver: Resolver, custom: Mapping[str, Definitions] | None = None) -> None:
        self.custom = custom or {}
        self._resolver = resolver
        self._made: dict[str, tuple[Any, Any]] = {}
        self.meanings: dict[str, dict[str, Meaning]] = {}

    def once(self, name: str, origin: Any, build: Callable[[], T]) -> T:
        """The type of this name, built on first use. Raises SchemaClash where another origin already has the name."""
        if name in self._made:
            known, made = self._made[name]
            if known != origin:
                raise SchemaClash(f"two different things would be the GraphQL type {name}")
            return made  # type: ignore[no-any-return]
        made = build()
        self._made[name] = (origin, made)
        return made

    def object(self, name: str, members: Sequence[Member], doc: str = "") -> Any:
        """An object type whose fields are resolved from plans."""
        self.meanings[name] = {item.name: item.meaning for item in members if item.meaning is not None}
        attributes: dict[str, Any] = {}
        for item in members:
            # The prefix keeps Python's keywords and graphene's own attributes out of the way.
            key = f"f_{item.name}"
            if key in attributes:
                raise SchemaClash(f"{name} would have two fields called {item.name}")
            attributes[key] = graphene.Field(
                item.kind,
                name=item.name,
                args=item.args,
                description=item.doc or None,
                resolver=self._resolver,
            )
        meta = type("Meta", (), {"name": name, "description": doc or None})
        return type(name, (graphene.ObjectType,), {**attributes, "Meta": meta})

    def output(self, kind: FieldType, name: str) -> Any:
        """The type of a value of the registry's type; `name` is for what has no name of its own."""
        match kind:
            case Shape():
                return self.shape(kind, name)
            case Download():
                return self.shape(LINK, LINK.title)
            case ListOf():
                return graphene.List(graphene.NonNull(self.output(kind.inner, name)))
            case _:
                return self.leaf(kind, name)

    def leaf(self, kind: FieldType, name: str) -> Any:
        """A scalar or enum, for answers and inputs alike."""
        match kind:
            case Choice() if is_enum(kind.options):
                return self.once(name, kind, lambda: _enum(name, kind.options))
            case Choice():
                return graphene.String
            case TextList():
                return graphene.List(graphene.NonNull(graphene.String))
            case _:
                return BY_NAME[kind.graphql]

    def shape(self, shape: Shape, name: str) -> Any:
        """The object type of an answer that is no record."""
        title = shape.title or name
        members = [
            Member(camel(item.name), self.of_field(item, title), Value(item.name), item.doc)
            for item in shape.fields
            if item.readable
        ]
        return self.once(title, shape, lambda: self.object(title, members))

    def of_field(self, item: Field, owner: str) -> Any:
        """The type of a readable field; never null only where every reader may see it."""
        kind = self.output(item.type, owner + pascal(item.name))
        return kind if item.nullable or item.needs else graphene.NonNull(kind)


def _enum(name: str, words: tuple[str, ...]) -> GraphQLEnumType:
    # graphene's own would hand services a Python enum; values here are the words themselves, as in REST.
    return GraphQLEnumType(name, {word: GraphQLEnumValue(word) for word in words})
