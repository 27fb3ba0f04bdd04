"""Fields of an entity derived from its Django model, so that a length or a choice is said once, in the model."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.registry import types
from core.registry.fields import Field


def field_type(column: models.Field[Any, Any]) -> types.FieldType:
    """The registry's type of a model field. Raises TypeError where there is none: declare it by hand then."""
    if column.choices:
        return types.Choice(options=tuple(str(value) for value, _ in column.flatchoices))
    match column:
        case models.EmailField():
            return types.Email()
        case models.URLField():
            return types.Url()
        case models.CharField() | models.TextField():
            return types.Text(max_length=column.max_length or 10_000)
        case models.BooleanField():
            return types.Boolean()
        case models.PositiveIntegerField() | models.PositiveSmallIntegerField():
            return types.Integer(minimum=0)
        case models.IntegerField():
            return types.Integer()
        case models.DecimalField():
            return types.DecimalNumber(max_digits=column.max_digits, places=column.decimal_places)
        case models.FloatField():
            return types.Number()
        case models.DateTimeField():
            return types.DateTime()
        case models.DateField():
            return types.Date()
        case models.UUIDField() | models.ForeignKey():
            return types.Id()
        case ArrayField():
            return types.TextList()
        case models.JSONField():
            return types.Json()
        case _:
            raise TypeError(f"no registry type for {column!r}")


def field(model: type[models.Model], name: str, **options: Any) -> Field:
    """The field `name` of the model (`<x>_id` for a foreign key), with options of `Field` that override what is derived."""
    lookup = name.removesuffix("_id") if _is_foreign_key(model, name) else name
    column = model._meta.get_field(options.get("column", lookup))
    assert isinstance(column, models.Field)
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
