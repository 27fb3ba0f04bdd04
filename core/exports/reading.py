"""The rows of an export: one snapshot, one server-side cursor, a page in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction

from core.actors import Actor
from core.database.compiled import compiled
from core.models.record import RecordQuerySet
from core.reads import reader, related, statements
from core.reads.selection import Selection
from core.reads.sorting import order_of
from core.reads.wire import wire_row
from core.registry.entities import Entity

# Related records are fetched for so many rows at once.
PAGE = 2000


@contextmanager
def snapshot() -> Iterator[None]:
    """Everything that is read in here is as of one moment. Inside another transaction, as that one sees it."""
    nested = connection.in_atomic_block
    with transaction.atomic():
        if not nested:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                # All rows are wanted, not the first ones soon.
                cursor.execute("SET LOCAL cursor_tuple_fraction = 1")
        yield


def rows_of(
    entity: Entity, *, actor: Actor, at: datetime, where: Any = None, q: str | None = None, deleted: bool = False
) -> RecordQuerySet:
    """The records that the search finds, of those that the actor may see."""
    actor.require(entity.name, "view")
    if deleted:
        actor.require(entity.name, "restore")
    return reader.restricted(entity, statements.visible(entity, actor, deleted=deleted), actor, at, where, q)


def pages(
    entity: Entity, rows: RecordQuerySet, *, actor: Actor, at: datetime, selection: Selection, sort: Sequence[str]
) -> Iterator[list[dict[str, Any]]]:
    """The rows in wire form, as the APIs show them, page by page. To be used within `snapshot`."""
    order = order_of(entity, sort, actor)
    row = wire_row(entity, actor, selection.fields, tuple(related.hidden_keys(entity, selection)))
    statement = compiled(rows.order_by(*order.columns).values_list(row, flat=True))
    if not statement.sql:
        return
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement.sql, statement.parameters)
        while found := cursor.fetchmany(PAGE):
            parsed: list[dict[str, Any]] = orjson.loads(f"[{','.join(text for (text,) in found)}]")
            related.attach(entity, parsed, selection, actor=actor, at=at)
            yield parsed
