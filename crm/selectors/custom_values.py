"""How many records hold a value of a custom field, deleted records included: they may come back."""

from __future__ import annotations

from django.db.models import Func, IntegerField

from core import registry
from core.models.record import RecordQuerySet
from core.registry.custom import Form, Inside
from crm.models import CustomField, CustomFieldType


def holding(definition: CustomField) -> int:
    """How many have any value."""
    return _count(_rows(definition).filter(custom__has_key=definition.key))


def holding_choice(definition: CustomField, word: str) -> int:
    """How many have this choice, alone or among others."""
    value = [word] if definition.type == CustomFieldType.MULTI_CHOICE else word
    return _count(_rows(definition).filter(custom__contains={definition.key: value}))


def longer(definition: CustomField, length: int) -> int:
    """How many have a text of more characters."""
    text = Inside(definition.key, Form.TEXT).expression("custom")
    rows = _rows(definition).alias(characters=Func(text, function="length", output_field=IntegerField()))
    return _count(rows.filter(characters__gt=length))


def _rows(definition: CustomField) -> RecordQuerySet:
    rows: RecordQuerySet = registry.entity(definition.entity).model._default_manager.all()
    return rows


def _count(rows: RecordQuerySet) -> int:
    return int(rows.count())
