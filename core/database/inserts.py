"""Inserting one row by a prepared statement: what `Model.save` does for a new row, without compiling it each time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db import models
from psycopg import sql

from core.database.cursors import run_prepared, wrapper


def insert(record: models.Model) -> None:
    """Insert the row and take over what the database made of it. Django's signals are not sent."""
    written, made, statement = _statement(type(record))
    connection = wrapper()
    values = [column.pre_save(record, add=True) for column in written]
    values = [
        # Most columns of a new row are absent, and an absent value needs no preparation.
        None if value is None else column.get_db_prep_save(value, connection)
        for column, value in zip(written, values, strict=True)
    ]
    for row in run_prepared(statement, values):
        for column, value in zip(made, row, strict=True):
            setattr(record, column.attname, value)
    record._state.adding = False
    record._state.db = connection.alias


@lru_cache(maxsize=256)
def _statement(model: type[models.Model]) -> tuple[list[models.Field[Any, Any]], list[models.Field[Any, Any]], str]:
    """The columns that are written, those that the database makes, and the SQL."""
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
    return written, made, text.as_string()
