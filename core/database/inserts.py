"""Inserting a row by a prepared statement, as `Model.save` does without compiling it each time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import models
from psycopg import sql

from core.database.cursors import run_prepared, wrapper

# Their values go to the driver as they are.
_PLAIN = (
    models.CharField,
    models.TextField,
    models.UUIDField,
    models.ForeignKey,
    models.BooleanField,
    models.IntegerField,
)


def insert(record: models.Model) -> None:
    """Insert the row and take over what the database made of it. Django's signals are not sent."""
    plan = _plan(type(record))
    values = [getattr(record, name) for name in plan.names]
    connection = wrapper()
    for index, column in plan.prepared:
        values[index] = column.get_db_prep_save(column.pre_save(record, add=True), connection)
    for row in run_prepared(plan.sql, values):
        for name, value in zip(plan.made, row, strict=True):
            setattr(record, name, value)
    record._state.adding = False
    record._state.db = connection.alias


@dataclass(frozen=True, slots=True)
class _Plan:
    """The attributes that are written, those of them that need preparation, and those that the database makes."""

    sql: str
    names: tuple[str, ...]
    prepared: tuple[tuple[int, models.Field[Any, Any]], ...]
    made: tuple[str, ...]


@lru_cache(maxsize=256)
def _plan(model: type[models.Model]) -> _Plan:
    fields = model._meta.concrete_fields
    made = [column for column in fields if column.db_returning]
    written = [column for column in fields if column not in made]
    text = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(model._meta.db_table),
        sql.SQL(", ").join(sql.Identifier(str(column.column)) for column in written),
        sql.SQL(", ").join(sql.Placeholder() for _ in written),
    )
    if made:
        names = sql.SQL(", ").join(sql.Identifier(str(column.column)) for column in made)
        text = sql.SQL("{} RETURNING {}").format(text, names)
    return _Plan(
        text.as_string(),
        tuple(column.attname for column in written),
        tuple((index, column) for index, column in enumerate(written) if not isinstance(column, _PLAIN)),
        tuple(column.attname for column in made),
    )
