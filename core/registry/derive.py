"""Fields of an entity derived from its Django model, so that a length or a choice is said once, in the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.registry import types
from core.registry.fields import Field

# The first kind that fits counts, so subclasses stand before what they derive from.
_TYPES: tuple[tuple[Any, Callable[[Any], types.FieldType]], ...] = (
    (models.EmailField, lambda column: types.Email()),
    (models.URLField, lambda column: types.Url()),
    ((models.CharField, models.TextField), lambda column: types.Text(max_length=column.max_length or 10_000)),
    (models.BooleanField, lambda column: types.Boolean()),
    ((models.PositiveIntegerField, models.PositiveSmallIntegerField), lambda column: types.Integer(minimum=0)),
    (models.IntegerField, lambda column: types.Integer()),
    (models.DecimalField, lambda column: types.DecimalNumber(column.max_digits, column.decimal_places)),
    (models.FloatField, lambda column: types.Number()),
    (models.DateTimeField, lambda column: types.DateTime()),
    (models.DateField, lambda column: types.Date()),
    ((models.UUIDField, models.ForeignKey), lambda column: types.Id()),
    (ArrayField, lambda column: types.TextList()),
    (models.JSONField, lambda column: types.Json()),
)


def field_type(column: models.Field[Any, Any]) -> types.FieldType:
    """The registry's type of a model field. Raises TypeError where there is none: declare it by hand then."""
    if column.choices:
        return types.Choice(options=tuple(str(value) for value, _ in column.flatchoices))
    for kinds, build in _TYPES:
        if isinstance(column, kinds):
            return build(column)
    raise TypeError(f"no registry type for {column!r}")


def field(model: type[models.Model], name: str, **options: Any) -> Field:
    """The field `name` of the model (`<x>_id` for a foreign key); `options` override what is derived."""
    lookup = name.removesuffix("_id") if _is_foreign_key(model, name) else name
    column = cast("models.Field[Any, Any]", model._meta.get_field(options.get("column", lookup)))
    has_default = column.has_default() or column.auto_created or getattr(column, "auto_now_add", False)
    derived: dict[str, Any] = {
        "type": field_type(column) if "type" not in options else options["type"],
        "doc": str(column.help_text),
        "nullable": column.null,
        "required": not (column.null or has_default),
    }
    if isinstance(column, models.ForeignKey):
        derived["column"] = column.attname
    return Field(name=name, **(derived | options))


def _is_foreign_key(model: type[models.Model], name: str) -> bool:
    return name.endswith("_id") and any(f.name == name.removesuffix("_id") for f in model._meta.get_fields())
