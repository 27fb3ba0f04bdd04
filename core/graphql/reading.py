"""What a plan asks of the reader: selections with their arguments bound, what they cost, and feeds afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.actors import Actor
from core.errors import DomainError
from core.graphql.meaning import Rows
from core.graphql.plan import FeedRead, ObjectPlan
from core.graphql.records import DEFAULT_FIRST
from core.reads.selection import Nested, Selection

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Environment:
    """Who asks, and when."""

    actor: Actor
    at: datetime


@dataclass(frozen=True)
class Paging:
    """The arguments of a list, as the reader takes them."""

    first: int
    after: str | None
    where: Any
    sort: tuple[str, ...]

    @classmethod
    def of(cls, arguments: Values) -> Paging:
        """From coerced arguments; null is the same as absent."""
        first = arguments.get("limit")
        return cls(
            first=DEFAULT_FIRST if first is None else first,
            after=arguments.get("after"),
            where=arguments.get("where"),
            sort=tuple(arguments.get("sort") or ()),
        )


@dataclass(frozen=True)
class Reading:
    """What to read of each record. `cost` is how many records one record brings along, itself included."""

    selection: Selection
    cost: int
    plans: tuple[ObjectPlan, ...]
    variables: Values

    def with_feeds(self, row: dict[str, Any], env: Environment) -> dict[str, Any]:
        """The row of a single record with the feeds that were asked of it."""
        for plan in self.plans:
            if plan.has_feeds:
                _read_feeds(plan, row, self.variables, env)
        return row


def reading_of(plans: Sequence[ObjectPlan], variables: Values) -> Reading:
    """The reading for records that appear in the answer by all these plans."""
    fields: dict[str, None] = {}
    nested: dict[str, Nested] = {}
    cost = 1
    for plan in plans:
        fields.update(dict.fromkeys(plan.reads))
        cost += sum(max(Paging.of(read.asked.arguments(variables)).first, 1) for read in plan.feeds)
        for read in plan.relations:
            inner = reading_of(read.plan.records, variables)
            if not read.many:
                nested[read.slot] = Nested(relation=read.relation, selection=inner.selection)
                cost += inner.cost
                continue
            paging = Paging.of(read.asked.arguments(variables))
            nested[read.slot] = Nested(
                relation=read.relation,
                selection=inner.selection,
                limit=paging.first,
                after=paging.after,
                where=paging.where,
                sort=paging.sort,
                cursors=read.cursors,
            )
            cost += max(paging.first, 1) * inner.cost
    return Reading(Selection(tuple(fields), nested), cost, tuple(plans), variables)


def _read_feeds(plan: ObjectPlan, row: dict[str, Any], variables: Values, env: Environment) -> None:
    for read in plan.feeds:
        row[read.slot] = _page_of(read, row, variables, env)
    for relation in plan.relations:
        # Only single records have feeds below them, so this never grows with rows.
        found = None if relation.many else row[relation.slot]
        for inner in relation.plan.records:
            if found is not None and inner.has_feeds:
                _read_feeds(inner, found, variables, env)


def _page_of(read: FeedRead, row: dict[str, Any], variables: Values, env: Environment) -> Rows | DomainError:
    arguments = read.asked.arguments(variables)
    paging = Paging.of(arguments)
    names = (item.name for item in read.feed.filters)
    chosen = {name: arguments[name] for name in names if arguments.get(name) is not None}
    try:
        page = read.feed.fetch(
            actor=env.actor, record_id=UUID(row["id"]), limit=paging.first, after=paging.after, at=env.at, **chosen
        )
    except DomainError as refusal:
        # The record itself was found: only this field is null in the answer, with its own error.
        return refusal
    return Rows(page.items, page.next_cursor, is_later=paging.after is not None)
