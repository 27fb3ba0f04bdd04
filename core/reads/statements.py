"""The SQL of pages and single records: compiled by Django once for each shape, kept, and prepared on the server.

A shape is all that the SQL depends on, the reach of the actor included; only sort keys and ids vary from call to call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import DateTimeField, OuterRef, Q, Value
from django.db.models.expressions import RawSQL

from core import registry
from core.actors import Actor, Grant
from core.database.compiled import Row, Slot, Statement, compiled, ids
from core.models.record import RecordQuerySet
from core.reads.sorting import Order
from core.reads.wire import WireRow, wire_row
from core.registry.entities import Entity

Extra = tuple[tuple[str, str], ...]

# The rows are found, sorted and cut off first: JSON is built for those that are shown and no others.
# Every column is one word then: naming them takes Django longer than all the rest.
_EVERY = RawSQL("*", ())
_SELECT = 'SELECT (*) AS "every_column" FROM '
_PAGE = 'SELECT {columns} FROM (SELECT {table}.* FROM {rows}) "page"'


@dataclass(frozen=True, slots=True)
class _Grants:
    """Grants, compared by identity: accounts keep one mapping for all actors with the same."""

    held: Mapping[str, tuple[Grant, ...]] = field(compare=False)
    number: int


@dataclass(frozen=True)
class Reach:
    """What decides which rows and values an actor sees."""

    actor: Actor = field(compare=False)
    grants: _Grants
    user_id: UUID | None
    team_ids: frozenset[UUID]
    partner_id: UUID | None
    is_superuser: bool

    @classmethod
    def of(cls, actor: Actor) -> Reach:
        grants = _Grants(actor.grants, id(actor.grants))
        return cls(actor, grants, actor.user_id, actor.team_ids, actor.partner_id, actor.is_superuser)


@dataclass(frozen=True)
class SortOrder:
    """An order that is compared by its signature, which is quicker than by all that its fields are made of."""

    signature: str
    order: Order = field(compare=False)

    @classmethod
    def of(cls, order: Order) -> SortOrder:
        return cls(order.signature, order)


@dataclass(frozen=True)
class Shape:
    """What the SQL of a page depends on. `after` says of each sort key whether the cursor's value is null."""

    entity: str
    reach: Reach
    fields: tuple[str, ...]
    extra: Extra
    sort: SortOrder
    limit: int
    deleted: bool = False
    after: tuple[bool, ...] = ()
    by_id: bool = False


def visible(entity: Entity, actor: Actor, *, deleted: bool) -> RecordQuerySet:
    """The live records, or the deleted ones, that the actor may see or restore."""
    rows: RecordQuerySet = entity.model._default_manager.all()
    if deleted:
        return rows.visible_to(actor, "restore").filter(deleted_at__isnull=False)
    return rows.visible_to(actor).alive()


@lru_cache(maxsize=2048)
def kept(shape: Shape) -> tuple[Statement, ...]:
    """The statements of a shape, to be run one after the other until the page is full."""
    entity, actor = registry.entity(shape.entity), shape.reach.actor
    rows = visible(entity, actor, deleted=shape.deleted)
    if shape.by_id:
        rows = rows.filter(pk=Slot("id", entity.model._meta.pk))
    row = wire_row(entity, actor, shape.fields, shape.extra)
    return tuple(_page(rows.filter(part), row, shape.sort.order, shape.limit) for part in _parts(entity, shape))


def _parts(entity: Entity, shape: Shape) -> list[Q]:
    if not shape.after:
        return [Q()]
    column = entity.model._meta.get_field
    values = [
        None if is_null else Slot(f"k{index}", key.column or column(key.field.attribute))
        for index, (key, is_null) in enumerate(zip(shape.sort.order.keys, shape.after, strict=True))
    ]
    return shape.sort.order.after(values)


def fetch(rows: RecordQuerySet, row: WireRow, order: Order, limit: int) -> list[Row]:
    """The rows of a queryset that is asked but once: criteria differ from call to call."""
    statement = _page(rows, row, order, limit)
    if not statement.sql:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.parameters)
        return cast("list[Row]", cursor.fetchall())


def _page(rows: RecordQuerySet, row: WireRow, order: Order, limit: int) -> Statement:
    """The rows' JSON and sort keys."""
    inner = compiled(rows.order_by(*order.columns).annotate(every_column=_EVERY).values("every_column")[:limit])
    if not inner.sql:
        return inner
    table = f'"{rows.model._meta.db_table}"'
    start, found, rest = inner.sql.partition(_SELECT)
    if start or not found:
        raise RuntimeError(f"not the SQL that Django used to make: {inner.sql[:100]}")
    columns = [row.over('"page"'), *(key.sql('"page"') for key in order.keys)]
    return Statement(_PAGE.format(columns=", ".join(columns), table=table, rows=rest), inner.parameters)


@lru_cache(maxsize=1024)
def lists(
    parent: str,
    target: str,
    column: str,
    reach: Reach,
    fields: tuple[str, ...],
    extra: Extra,
    order: SortOrder,
    limit: int,
) -> Statement:
    """The first rows of a related list, for each of the parents in the slot `ids`."""
    entity, actor, parents = registry.entity(target), reach.actor, registry.entity(parent).model
    children = visible(entity, actor, deleted=False)
    row = wire_row(entity, actor, fields, extra)
    page = children.filter(**{column: OuterRef("pk")}).order_by(*order.order.columns).values_list(row, flat=True)
    rows = parents._default_manager.filter(pk__in=ids("ids", parents._meta.pk))
    return compiled(rows.values_list("pk", ArraySubquery(page[:limit])))


@lru_cache(maxsize=1024)
def matching(target: str, column: str, reach: Reach, fields: tuple[str, ...], extra: Extra) -> Statement:
    """The live records that have one of the ids in the slot `ids` in a column."""
    entity, actor = registry.entity(target), reach.actor
    rows = visible(entity, actor, deleted=False)
    rows = rows.filter(**{f"{column}__in": ids("ids", entity.model._meta.pk)})
    return compiled(rows.values_list(wire_row(entity, actor, fields, extra), flat=True))


@lru_cache(maxsize=1024)
def seen(target: str, reach: Reach, mark: str = "") -> Statement:
    """The id in the slot `id`, if it is that of a live record that the actor may see, with what stands at `mark`.

    It is held, see `seen_among`.

    One at a time: PostgreSQL keeps the plan for one id, and would make one anew for every list of them.
    """
    entity = registry.entity(target)
    return _held(entity, visible(entity, reach.actor, deleted=False).filter(pk=Slot("id", entity.model._meta.pk)), mark)


@lru_cache(maxsize=1024)
def seen_among(target: str, reach: Reach, mark: str = "") -> Statement:
    """Those of the ids in the slot `ids` that are of live records that the actor may see, with what stands at `mark`.

    They are held until the transaction ends, as a foreign key would hold them, but before the answer: who writes a
    reference and who merges or erases the record meet here, and whichever comes second sees what the first has done.
    """
    entity = registry.entity(target)
    rows = visible(entity, reach.actor, deleted=False).filter(pk__in=ids("ids", entity.model._meta.pk))
    # In one order, so that nobody waits in a circle.
    return _held(entity, rows.order_by("pk"), mark)


def _held(entity: Entity, rows: RecordQuerySet, mark: str) -> Statement:
    plain = compiled(rows.values_list("pk", mark or Value(None, output_field=DateTimeField())))
    lock = f' FOR KEY SHARE OF "{entity.model._meta.db_table}"' if plain.sql else ""
    return Statement(plain.sql + lock, plain.parameters)
