"""Triggers that mark what the lake must copy again: statement-level, in the writer's transaction, bulk included.

A mark names a row (its id) and the months in which it lay and lies. A statement of very many rows marks their months
as a whole instead, and TRUNCATE the whole table.
"""

# ruff: noqa: S608 - the SQL is made of names from model declarations, never of input

from __future__ import annotations

from typing import Any

import pgtrigger
from django.db import models

_OLD, _NEW = "old_rows", "new_rows"
# A mark costs a hundredth of what the row itself costs with its indexes and history; beyond this the months will do.
ROWS_OF_A_STATEMENT = 250_000


def fact_triggers(
    fact: str, *, month_column: str | None = None, followed: bool = False, at_most: int = ROWS_OF_A_STATEMENT
) -> list[pgtrigger.Trigger]:
    """The triggers of a table whose rows are the fact `fact`, for `Meta.triggers`. Its primary key must be a UUID.

    month_column: the field that says to which month a row belongs. None where the table is not split, or where the
    moment is another table's: that may change under a writer who looks at it, so the month is left to the sync.
    followed: whether other facts take their moment from this table (order discounts from the order). They declare
    it (`analytics.facts.Fact.follows`), and the sync finds their rows where a moment here changed.
    at_most: rows of one statement that are marked singly.
    """
    if followed and not month_column:
        raise ValueError("only a table split by month can be followed")
    month = month_column or ""
    return [
        _Mark("insert", pgtrigger.Insert, fact, month, followed, at_most, new=_NEW),
        _Mark("update", pgtrigger.Update, fact, month, followed, at_most, old=_OLD, new=_NEW),
        _Mark("delete", pgtrigger.Delete, fact, month, followed, at_most, old=_OLD),
        _Mark("truncate", pgtrigger.Truncate, fact, month, followed, at_most),
    ]


class _Mark(pgtrigger.Trigger):  # type: ignore[misc]  # pgtrigger is untyped
    """One event's trigger. PostgreSQL allows transition tables only where a trigger has a single event."""

    def __init__(
        self, event: str, operation: Any, fact: str, month: str, followed: bool, at_most: int, *,
        old: str = "", new: str = "",
    ) -> None:  # fmt: skip
        self.fact, self.month_column, self.followed, self.at_most = fact, month, followed, at_most
        self.tables = tuple(table for table in (old, new) if table)
        super().__init__(
            name=f"lake_{fact}_{event}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=pgtrigger.Referencing(old=old or None, new=new or None) if self.tables else None,
        )

    def get_func(self, model: type[models.Model]) -> str:
        into = "INSERT INTO core_dirty_month (fact, month, row_id, moved)"
        if not self.tables:
            return f"{into} VALUES ('{self.fact}', NULL, NULL, true); RETURN NULL;"
        if not isinstance(model._meta.pk, models.UUIDField):
            raise TypeError(f"the primary key of {model.__name__} must be a UUID: marks name rows by it")
        rows = " UNION ".join(self._rows(model, table) for table in self.tables)
        some = self.tables[-1]
        return (
            f"IF (SELECT count(*) FROM (SELECT FROM {some} LIMIT {self.at_most + 1}) AS s) <= {self.at_most} THEN "
            f"{into} SELECT '{self.fact}', r.month, r.id, r.moved FROM ({rows}) AS r; "
            f"ELSE {into} SELECT '{self.fact}', r.month, NULL, bool_or(r.moved) FROM ({rows}) AS r GROUP BY r.month; "
            "END IF; RETURN NULL;"
        )

    def _rows(self, model: type[models.Model], table: str) -> str:
        """SELECT of id, month, and whether the moment changed, of a transition table's rows."""
        pk = _pk(model)
        if not self.month_column:
            return f"SELECT t.{pk} AS id, NULL::date AS month, false AS moved FROM {table} AS t"
        column = _column(model, self.month_column)
        month = _month(column, "t")
        if not self.followed or len(self.tables) < 2:
            return f"SELECT t.{pk} AS id, {month} AS month, false AS moved FROM {table} AS t"
        other = _OLD if table == _NEW else _NEW
        return (
            f"SELECT t.{pk} AS id, {month} AS month, t.{column.column} IS DISTINCT FROM o.{column.column} AS moved "
            f"FROM {table} AS t LEFT JOIN {other} AS o ON o.{pk} = t.{pk}"
        )


def _pk(model: type[models.Model]) -> str:
    return str(model._meta.pk.column)


def _column(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    column = model._meta.get_field(name)
    if not isinstance(column, models.DateField) or column.null:
        raise TypeError(f"{name!r} of {model.__name__} must be a date or a moment that is never null")
    return column


def _month(column: models.Field[Any, Any], table: str) -> str:
    """SQL of the first day of the month of a column, in UTC."""
    value = f"{table}.{column.column}"
    moment = f"{value} AT TIME ZONE 'UTC'" if isinstance(column, models.DateTimeField) else f"{value}::timestamp"
    return f"date_trunc('month', {moment})::date"
