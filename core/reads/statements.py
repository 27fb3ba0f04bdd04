"""The SQL of pages and single records: compiled by Django once for each shape, kept, and prepared on the server.

A shape is all that the SQL depends on, the reach of the actor included; only sort keys and ids vary from call to call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Expression, Q
from django.db.models.sql.compiler import SQLCompiler

from core import registry
from core.actors import Actor, Grant
from core.database.cursors import prepared_cursor
from core.models.record import RecordQuerySet
from core.reads.sorting import Order
from core.reads.wire import WireRow, wire_row
from core.registry.entities import Entity

Row = tuple[Any, ...]

# The rows are found, sorted and cut off first: JSON is built for those that are shown and no others.
_PAGE = 'SELECT {columns} FROM ({rows}) "page"'


class Slot(Expression):
    """A value that is known when the statement runs."""

    def __init__(self, name: str, output_field: Any) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


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
class Shape:
    """What the SQL of a page depends on. `after` says of each sort key whether the cursor's value is null.

    Orders are compared by their signature, which is quicker than by all that their fields are made of.
    """

    entity: str
    reach: Reach
    fields: tuple[str, ...]
    extra: tuple[tuple[str, str], ...]
    sort: str
    order: Order = field(compare=False)
    limit: int
    deleted: bool = False
    after: tuple[bool, ...] = ()
    by_id: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with the parameters that are fixed, and slots."""

    sql: str
    parameters: tuple[Any, ...]

    def run(self, values: Mapping[str, Any]) -> list[Row]:
        """The rows, with these values in the slots."""
        filled = [values[item.name] if isinstance(item, Slot) else item for item in self.parameters]
        with prepared_cursor() as cursor:
            cursor.execute(self.sql, filled)
            return cast("list[Row]", cursor.fetchall())


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
    compiled = (
        _compiled(rows.filter(part).order_by(*shape.order.columns), row, shape.order, shape.limit)
        for part in _parts(entity, shape)
    )
    return tuple(Statement(*item) for item in compiled if item is not None)


def _parts(entity: Entity, shape: Shape) -> list[Q]:
    if not shape.after:
        return [Q()]
    column = entity.model._meta.get_field
    values = [
        None if is_null else Slot(f"k{index}", column(key.field.attribute))
        for index, (key, is_null) in enumerate(zip(shape.order.keys, shape.after, strict=True))
    ]
    return shape.order.after(values)


def fetch(rows: RecordQuerySet, row: WireRow, order: Order, limit: int) -> list[Row]:
    """The rows of a queryset that is asked but once: criteria differ from call to call."""
    compiled = _compiled(rows.order_by(*order.columns), row, order, limit)
    if compiled is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(*compiled)
        return cast("list[Row]", cursor.fetchall())


def _compiled(rows: RecordQuerySet, row: WireRow, order: Order, limit: int) -> tuple[str, tuple[Any, ...]] | None:
    """SQL of the rows' JSON and sort keys; None where Django can tell that there are none."""
    try:
        sql, parameters = rows[:limit].query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return None
    columns = [row.over('"page"'), *(f'"page"."{key.field.attribute}"' for key in order.keys)]
    return _PAGE.format(columns=", ".join(columns), rows=sql), tuple(parameters)


def after_values(values: Sequence[Any]) -> dict[str, Any]:
    """The values of the slots of a page after these sort keys."""
    return {f"k{index}": value for index, value in enumerate(values)}
