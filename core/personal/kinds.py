"""Which kinds of record say something about people (`Record.personal`), and which of their rows about whom."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import Q

from core.models.record import Personal, Record

# What stands in a text that must not be empty.
ERASED = "Erased"


def kinds() -> Iterator[tuple[type[Record], Personal]]:
    """Every kind that is about people, those whose rows go first."""
    found = [model for model in apps.get_models() if issubclass(model, Record) and model.personal is not None]
    for model in sorted(found, key=lambda item: (not item.personal.remove, item._meta.label)):  # type: ignore[union-attr]
        yield model, model.personal  # type: ignore[misc]


def about(personal: Personal, people: Collection[UUID]) -> Q:
    """The condition under which a row is about one of these people."""
    return reduce(or_, (Q(**{f"{path}__in": list(people)}) for path in personal.people))


def emptied(model: type[Record], personal: Personal) -> dict[str, Any]:
    """What the personal attributes are once the person is gone: null, the default, or a word."""
    return {name: _empty(column_of(model, name)) for name in personal.columns}


def hidden_columns(model: type[Record], personal: Personal) -> list[str]:
    """The columns whose old values must not stay in the history; texts that the database makes of them are among."""
    made = [item for item in model._meta.concrete_fields if isinstance(item, models.GeneratedField)]
    texts = [str(item.column) for item in made if isinstance(item.output_field, models.CharField | models.TextField)]
    return [*(str(column_of(model, name).column) for name in personal.columns), *texts]


def file_columns(model: type[Record], personal: Personal) -> list[str]:
    """The attributes whose files lie in the storage and go too."""
    files = (item for item in model._meta.concrete_fields if isinstance(item, models.FileField))
    return [item.attname for item in files if personal.remove or item.attname in personal.columns]


def column_of(model: type[Record], attribute: str) -> Any:
    """The model's field by its attribute: `company_id` is the field `company`. Raises StopIteration."""
    return next(item for item in model._meta.concrete_fields if attribute in (item.attname, item.name))


def _empty(column: Any) -> Any:
    if column.null:
        return None
    if column.has_default():
        return column.get_default()
    if isinstance(column, models.CharField | models.TextField):
        return ERASED
    raise TypeError(f"{column} cannot be emptied: it is neither null, nor a text, nor has it a default")
