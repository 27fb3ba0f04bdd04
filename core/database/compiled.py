"""Querysets that are compiled once and run with other values each time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import Expression, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.sql.compiler import SQLCompiler

from core.database.cursors import run_prepared, wrapper

Row = tuple[Any, ...]


class Slot(Expression):
    """A value that is known when the statement runs."""

    def __init__(self, name: str, output_field: Any) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


def ids(name: str, output_field: Any) -> RawSQL:
    """For `__in`: a list of ids that is known when the statement runs, however long it is."""
    return RawSQL("SELECT unnest(%s::uuid[])", [Slot(name, output_field)])


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with the parameters that are fixed, and slots. Without SQL there are no rows."""

    sql: str
    parameters: tuple[Any, ...]

    def run(self, **values: Any) -> list[Row]:
        """The rows, with these values in the slots."""
        return run_prepared(self.sql, self.filled(values)) if self.sql else []

    def filled(self, values: Mapping[str, Any]) -> list[Any]:
        """The parameters in their order."""
        return [values[item.name] if isinstance(item, Slot) else item for item in self.parameters]


def compiled(rows: QuerySet[Any, Any]) -> Statement:
    """The statement of a queryset. Its rows come as the driver gives them, without Django's converters."""
    try:
        sql, parameters = rows.query.get_compiler(connection=wrapper()).as_sql()
    except EmptyResultSet:
        return Statement("", ())
    return Statement(sql, tuple(parameters))
