"""Triggers that mark what the lake must copy again: statement-level, in the writer's transaction, bulk included."""

# ruff: noqa: S608 - the SQL is made of names from model declarations, never of input

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pgtrigger
from django.db import models

_OLD, _NEW = "old_rows", "new_rows"


def fact_triggers(fact: str, *, month_column: str | None = None, also: Sequence[str] = ()) -> list[pgtrigger.Trigger]:
    """The triggers of a table whose rows are the fact `fact`, for `Meta.triggers`.

    month_column: the field that says to which month a row belongs; `order__placed_at` reads it from the row that the
    foreign key `order` points at. Without one the table is not split, and is marked as a whole.
    also: other facts, split by this same moment, that read this table (order lines take their month from the order).
    """
    if also and not month_column:
        raise ValueError("only a table split by month can mark other facts with it")
    month, others = month_column or "", tuple(also)
    return [
        _Mark("insert", pgtrigger.Insert, fact, month, others, new=_NEW),
        _Mark("update", pgtrigger.Update, fact, month, others, old=_OLD, new=_NEW),
        _Mark("delete", pgtrigger.Delete, fact, month, others, old=_OLD),
        _Mark("truncate", pgtrigger.Truncate, fact, month, others),
    ]


class _Mark(pgtrigger.Trigger):  # type: ignore[misc]  # pgtrigger is untyped
    """One event's trigger. PostgreSQL allows transition tables only where a trigger has a single event."""

    def __init__(
        self, event: str, operation: Any, fact: str, month: str, also: tuple[str, ...], *, old: str = "", new: str = ""
    ) -> None:
        self.fact, self.month_column, self.also = fact, month, also
        self.tables = tuple(table for table in (old, new) if table)
        super().__init__(
            name=f"lake_{fact}_{event}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=pgtrigger.Referencing(old=old or None, new=new or None) if self.tables else None,
        )

    def get_func(self, model: type[models.Model]) -> str:
        facts = ", ".join(f"('{name}')" for name in (self.fact, *self.also))
        if not self.tables:
            rows = "SELECT NULL::date AS month"
        elif not self.month_column:
            rows = " UNION ".join(f"SELECT NULL::date AS month FROM {table}" for table in self.tables)
        else:
            rows = " UNION ".join(self._months(model, table) for table in self.tables)
        mark = (
            "INSERT INTO core_dirty_month (fact, month) "
            f"SELECT DISTINCT f.fact, m.month FROM ({rows}) AS m CROSS JOIN (VALUES {facts}) AS f (fact);"
        )
        return f"{self._hold_moved(model)}{mark} RETURN NULL;"

    def _months(self, model: type[models.Model], table: str) -> str:
        """SELECT of the months of a transition table's rows."""
        if "__" not in self.month_column:
            return f"SELECT {_month(_column(model, self.month_column), table)} AS month FROM {table}"
        key_name, _, moment_name = self.month_column.partition("__")
        key = model._meta.get_field(key_name)
        parent = key.related_model
        if not isinstance(key, models.ForeignKey) or parent is None or isinstance(parent, str):
            raise TypeError(f"{key_name!r} of {model.__name__} is not a foreign key")
        # The lock that the foreign key takes at commit anyway, taken now: the parent cannot move to another month
        # before this transaction ends, so the sync finds the row in the month that is marked here.
        return (
            f"(WITH parents AS MATERIALIZED (SELECT p.* FROM {parent._meta.db_table} AS p "
            f"WHERE p.{_pk(parent)} IN (SELECT {table}.{key.column} FROM {table}) ORDER BY p.{_pk(parent)} "
            f"FOR KEY SHARE) SELECT {_month(_column(parent, moment_name), 'parents')} AS month FROM parents)"
        )

    def _hold_moved(self, model: type[models.Model]) -> str:
        """Where other facts follow this table: wait for writers of their rows before a row changes its month."""
        if not self.also or len(self.tables) < 2:
            return ""
        column, pk = _column(model, self.month_column), _pk(model)
        return (
            f"PERFORM 1 FROM {model._meta.db_table} AS t WHERE t.{pk} IN (SELECT n.{pk} FROM {_NEW} AS n "
            f"JOIN {_OLD} AS o ON o.{pk} = n.{pk} WHERE {_month(column, 'n')} <> {_month(column, 'o')}) "
            f"ORDER BY t.{pk} FOR UPDATE; "
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
