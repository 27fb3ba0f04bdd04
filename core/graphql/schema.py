"""The schema as a whole: everything in the registry, under names that are each used once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import graphene
from graphene.types.schema import TypeMap
from graphql import GraphQLEnumType, GraphQLSchema

from core import registry
from core.graphql import mutations, operations, queries
from core.graphql.book import Book, SchemaClash
from core.graphql.generic import resolve
from core.graphql.meaning import Meaning
from core.graphql.records import record_type
from core.graphql.roots import Root
from core.registry.custom import Definitions
from core.registry.operations import Operation, OperationKind


class _Types(TypeMap):  # type: ignore[misc]
    """Graphene's types, with enums as graphql-core has them (see `book._enum`)."""

    def add_type(self, graphene_type: Any) -> Any:
        if isinstance(graphene_type, GraphQLEnumType):
            self[graphene_type.name] = graphene_type
            return graphene_type
        return super().add_type(graphene_type)


class Schema(graphene.Schema):  # type: ignore[misc]
    """A schema generated from the registry, and what its fields stand for."""

    graphql_schema: GraphQLSchema

    def __init__(self, book: Book, query_roots: Iterable[Root], mutation_roots: Iterable[Root]) -> None:
        self.roots: Mapping[str, Mapping[str, Root]] = {
            "Query": _by_name("Query", query_roots),
            "Mutation": _by_name("Mutation", mutation_roots),
        }
        self.meanings: Mapping[str, Mapping[str, Meaning]] = book.meanings
        self.query, self.mutation = (_root_type(book, name, roots) for name, roots in self.roots.items())
        self.subscription = None
        types = _Types(self.query, self.mutation, None, [], auto_camelcase=False)
        self.graphql_schema = GraphQLSchema(types.query, types.mutation)


def build(custom: Mapping[str, Definitions] | None = None) -> Schema:
    """The schema of everything registered, with these custom fields by entity.

    Raises SchemaClash where two things would have one name.
    """
    book = Book(resolve, custom)
    query_roots: list[Root] = []
    mutation_roots: list[Root] = []
    calls: list[Operation] = list(registry.operations())
    for entity in registry.entities():
        record_type(book, entity)
        query_roots += queries.of_entity(book, entity)
        mutation_roots += mutations.of_entity(book, entity)
        calls += entity.operations
    for operation in calls:
        roots = query_roots if operation.kind is OperationKind.QUERY else mutation_roots
        roots.append(operations.of_operation(book, operation))
    return Schema(book, query_roots, mutation_roots)


def _by_name(kind: str, roots: Iterable[Root]) -> dict[str, Root]:
    named: dict[str, Root] = {}
    for root in roots:
        name = root.member.name
        if name in named:
            raise SchemaClash(f"{kind} would have two fields called {name}")
        named[name] = root
    return named


def _root_type(book: Book, name: str, roots: Mapping[str, Root]) -> Any:
    return book.object(name, [root.member for root in roots.values()]) if roots else None
