"""Conditions for many values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import F, Lookup

from core.database.copying import array_text


class AnyOf(Lookup):
    """`attribute = ANY(array)`, for `filter`: as `in`, but one parameter however many values. None of them is null."""

    lookup_name = "any_of"
    prepare_rhs = False

    def __init__(self, attribute: str, values: Iterable[Any]) -> None:
        super().__init__(F(attribute), list(values))

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, parameters = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s::{_array_of(self.lhs.output_field, connection)})", (*parameters, array_text(self.rhs))


def _array_of(column: models.Field[Any, Any], connection: Any) -> str:
    """The type of an array of the column's values, without a bound that would cut or round them."""
    if isinstance(column, models.CharField | models.TextField):
        return "text[]"
    return f"{str(column.rel_db_type(connection)).partition('(')[0]}[]"
