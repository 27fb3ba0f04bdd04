"""Object types of entities: their fields, relations as records or connections, and feeds as pages."""

from __future__ import annotations

from typing import Any

import graphene

from core import registry
from core.graphql import custom
from core.graphql.book import Book, Member
from core.graphql.meaning import FeedOf, Part, Rows, ToMany, ToOne, Value
from core.graphql.names import camel, pascal
from core.graphql.scalars import Criteria
from core.registry.entities import Entity, Feed
from core.registry.fields import Relation

DEFAULT_FIRST = 25


def record_type(book: Book, entity: Entity) -> Any:
    """`Contact`."""
    return book.once(entity.title, entity.name, lambda: book.object(entity.title, _members(book, entity), entity.doc))


def connection_type(book: Book, entity: Entity) -> Any:
    """`ContactConnection`: a keyset page, Relay's way, with `nodes` for whoever needs no cursors per row."""
    node = lambda: graphene.NonNull(record_type(book, entity))  # noqa: E731
    edge = book.once(
        f"{entity.title}Edge",
        entity.name,
        lambda: book.object(
            f"{entity.title}Edge",
            [
                Member(
                    "cursor",
                    graphene.NonNull(graphene.String),
                    Part(lambda edge: edge[0].cursor(edge[1]), cursors=True),
                ),
                Member("node", node, Part(lambda edge: edge[0].rows[edge[1]], record=True)),
            ],
        ),
    )
    members = [
        Member("edges", _listed(edge), Part(lambda page: [(page, i) for i in range(len(page.rows))], many=True)),
        Member("nodes", lambda: _listed(record_type(book, entity)), Part(_rows, record=True, many=True)),
        Member("pageInfo", graphene.NonNull(page_info_type(book)), Part(_same)),
    ]
    name = f"{entity.title}Connection"
    return book.once(name, entity.name, lambda: book.object(name, members))


def feed_page_type(book: Book, feed: Feed) -> Any:
    """A page of a feed: items and the cursor after the last of them."""
    item = book.shape(feed.item, feed.item.title)
    name = f"{feed.item.title}Page"
    members = [
        Member("nodes", _listed(item), Part(_rows, many=True)),
        Member("pageInfo", graphene.NonNull(page_info_type(book)), Part(_same)),
    ]
    return book.once(name, feed.item, lambda: book.object(name, members))


def page_info_type(book: Book) -> Any:
    """Relay's PageInfo."""
    members = [
        Member("hasNextPage", graphene.NonNull(graphene.Boolean), Part(lambda page: page.next_cursor is not None)),
        Member("hasPreviousPage", graphene.NonNull(graphene.Boolean), Part(lambda page: page.is_later)),
        Member("startCursor", graphene.String, Part(lambda page: page.start, cursors=True)),
        Member("endCursor", graphene.String, Part(lambda page: page.end, cursors=True)),
    ]
    return book.once("PageInfo", "page info", lambda: book.object("PageInfo", members))


def paging() -> dict[str, graphene.Argument]:
    """The arguments of every page."""
    return {
        "limit": graphene.Argument(
            graphene.Int, name="first", default_value=DEFAULT_FIRST, description="How many at most."
        ),
        "after": graphene.Argument(graphene.String, description="The cursor to go on from."),
    }


def listing() -> dict[str, graphene.Argument]:
    """The arguments of every list of records."""
    return {
        **paging(),
        "where": graphene.Argument(Criteria, name="filter", description="Criteria that the records must meet."),
        "sort": graphene.Argument(
            graphene.List(graphene.NonNull(graphene.String)),
            description='Field names as in REST (snake_case), "-" before one for descending.',
        ),
    }


def _members(book: Book, entity: Entity) -> list[Member]:
    fields = [
        Member(camel(item.name), book.of_field(item, entity.title), Value(item.name), item.doc)
        for item in entity.readable_fields()
    ]
    relations = [_relation(book, item) for item in entity.relations]
    feeds = [
        Member(camel(feed.name), feed_page_type(book, feed), FeedOf(entity, feed), feed.doc, _paged(book, feed))
        for feed in entity.feeds
    ]
    return [*fields, *custom.members(book, entity), *relations, *feeds]


def _paged(book: Book, feed: Feed) -> dict[str, graphene.Argument]:
    filters = {
        item.name: graphene.Argument(
            book.leaf(item.type, feed.item.title + pascal(item.name)), name=camel(item.name), description=item.doc
        )
        for item in feed.filters
    }
    return {**paging(), **filters}


def _relation(book: Book, relation: Relation) -> Member:
    # Looked up late: relations go round in circles.
    def target() -> Entity:
        return registry.entity(relation.target)

    name = camel(relation.name)
    if relation.many:
        kind = lambda: graphene.NonNull(connection_type(book, target()))  # noqa: E731
        return Member(name, kind, ToMany(relation.name), relation.doc, listing())
    # Never non-null: what the actor may not see is null.
    return Member(name, lambda: record_type(book, target()), ToOne(relation.name), relation.doc)


def _listed(kind: Any) -> Any:
    return graphene.NonNull(graphene.List(graphene.NonNull(kind)))


def _cursor(edge: tuple[Rows, int]) -> str | None:
    page, index = edge
    return page.cursor(index) if page.cursor else None


def _node(edge: tuple[Rows, int]) -> dict[str, Any]:
    page, index = edge
    return page.rows[index]


def _rows(page: Rows) -> list[dict[str, Any]]:
    return page.rows


def _same(page: Rows) -> Rows:
    return page
