"""Query fields of an entity: one record, a page of records, groups with measures."""

from __future__ import annotations

from typing import Any

import graphene

from core.graphql.book import Book, Member
from core.graphql.inputs import parameters
from core.graphql.meaning import Rows
from core.graphql.names import camel
from core.graphql.plan import RootCall
from core.graphql.reading import Environment, Paging, reading_of
from core.graphql.records import connection_type, listing, record_type
from core.graphql.roots import Bound, Root, Values, record_id
from core.graphql.scalars import Criteria
from core.reads import aggregates, reader
from core.registry.entities import Entity
from core.registry.fields import Field, ListOf, Shape
from core.registry.types import Json

AGGREGATE_COST = 100
AGGREGATE_ROW = Shape(
    title="AggregateRow",
    fields=(
        Field("keys", Json(), "The group: values by field name.", nullable=False),
        Field("values", Json(), "The measures by name; decimals are strings.", nullable=False),
    ),
)
AGGREGATE_PARAMETERS = (
    Field("group_by", ListOf(aggregates.GROUP), "Fields to group by, dates with a bucket."),
    Field("measures", ListOf(aggregates.MEASURE), "What to compute of each group; the count, where it is left out."),
)


def of_entity(book: Book, entity: Entity) -> list[Root]:
    """`contact`, `contacts`, `contactAggregate`."""
    return [_one(book, entity), _page(book, entity), _aggregate(book, entity)]


def _one(book: Book, entity: Entity) -> Root:
    def bind(arguments: Values, call: RootCall, variables: Values) -> Bound:
        reading = reading_of((call.plan,), variables)

        def run(env: Environment) -> dict[str, Any]:
            row = reader.one(
                entity,
                record_id(arguments["id"], entity),
                actor=env.actor,
                at=env.at,
                selection=reading.selection,
                deleted=bool(arguments.get("deleted")),
            )
            return reading.with_feeds(row, env)

        return Bound(reading.cost, run)

    args = {"id": graphene.Argument(graphene.NonNull(graphene.ID)), **_deleted(entity)}
    return Root(Member(camel(entity.name), record_type(book, entity), doc=entity.doc, args=args), bind)


def _page(book: Book, entity: Entity) -> Root:
    def bind(arguments: Values, call: RootCall, variables: Values) -> Bound:
        paging, reading = Paging.of(arguments), reading_of(call.plan.records, variables)

        def run(env: Environment) -> Rows:
            page = reader.page(
                entity,
                actor=env.actor,
                at=env.at,
                selection=reading.selection,
                where=paging.where,
                q=arguments.get("q"),
                sort=paging.sort,
                limit=paging.first,
                after=paging.after,
                deleted=bool(arguments.get("deleted")),
            )
            return Rows(page.rows, page.next_cursor, page.cursor, is_later=paging.after is not None)

        return Bound(max(paging.first, 1) * reading.cost, run)

    args = {**listing(), **_search(entity), **_deleted(entity)}
    member = Member(camel(entity.plural), connection_type(book, entity), doc=f"A page of: {entity.doc}", args=args)
    return Root(member, bind)


def _search(entity: Entity) -> dict[str, graphene.Argument]:
    doc = f"Words to look for in {', '.join(entity.search_fields)}."
    return {"q": graphene.Argument(graphene.String, description=doc)} if entity.search_fields else {}


def _deleted(entity: Entity) -> dict[str, graphene.Argument]:
    if "restore" not in entity.verbs:
        return {}
    doc = "Among the deleted instead; needs the right to restore."
    return {"deleted": graphene.Argument(graphene.Boolean, default_value=False, description=doc)}


def _aggregate(book: Book, entity: Entity) -> Root:
    def bind(arguments: Values, call: RootCall, variables: Values) -> Bound:
        def run(env: Environment) -> list[dict[str, Any]]:
            given = {name: value for name, value in arguments.items() if value is not None}
            return aggregates.run(entity, actor=env.actor, at=env.at, **given)

        return Bound(AGGREGATE_COST, run)

    args = {
        **parameters(book, "Aggregate", AGGREGATE_PARAMETERS),
        "where": graphene.Argument(Criteria, name="filter"),
        "sort": graphene.Argument(
            graphene.List(graphene.NonNull(graphene.String)), description="Names of keys or values."
        ),
        "limit": graphene.Argument(graphene.Int, default_value=100),
    }
    kind = book.output(ListOf(AGGREGATE_ROW), "AggregateRow")
    member = Member(f"{camel(entity.name)}Aggregate", kind, doc="Groups of these records with measures.", args=args)
    return Root(member, bind)
