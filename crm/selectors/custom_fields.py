"""Custom fields as the registry's types."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from django.db.models import CharField

from core.database.compiled import Slot, Statement, compiled
from core.registry.types import Boolean, Choice, Date, FieldType, Number, Text
from crm.models import CustomField, CustomFieldType

_TEXT_LENGTH = 2000


def types_of(entity: str) -> Mapping[str, FieldType]:
    """The type of each custom field of that entity, by key.

    Read anew each time, so that every process knows a new field at once: one look into a small index, and only for
    writes and criteria that name a custom field.
    """
    rows = CustomField.objects.alive().filter(entity=entity).values_list("key", "type", "choices")
    return {key: _type(kind, choices) for key, kind, choices in rows}


def required_keys(entity: str) -> frozenset[str]:
    """The custom fields without which no record of that entity is complete."""
    return frozenset(key for (key,) in _required().run(entity=entity))


@cache
def _required() -> Statement:
    rows = CustomField.objects.alive().filter(entity=Slot("entity", CharField()), required=True)
    return compiled(rows.values_list("key", flat=True))


def _type(kind: str, choices: list[str]) -> FieldType:
    match kind:
        case CustomFieldType.NUMBER:
            return Number()
        case CustomFieldType.DATE:
            return Date()
        case CustomFieldType.BOOLEAN:
            return Boolean()
        case CustomFieldType.CHOICE:
            return Choice(options=tuple(choices))
        case _:
            return Text(max_length=_TEXT_LENGTH)
