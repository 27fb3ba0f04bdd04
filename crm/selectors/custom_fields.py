"""Custom fields as the registry knows them: definitions with types, by key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import CharField, Q

from core.database.compiled import Slot, Statement, compiled
from core.registry.custom import CustomDefinition
from core.registry.types import Boolean, Choice, Date, ExactNumber, FieldType, Id, Money, MultiChoice, Text, Url
from crm.models import CustomField, CustomFieldType
from crm.models.custom_field import LONGEST, LONGEST_INDEXED

_COLUMNS = (
    "key", "type", "label", "description", "choices", "target", "currency", "minimum", "maximum", "max_length",
    "required", "default", "indexed", "indexed_at",
)  # fmt: skip
_REVISION = "SELECT md5(string_agg(id::text || ':' || version, ',' ORDER BY id)) FROM crm_custom_field"
# Read once per statement, whatever the number of rows: it does not depend on them.
_SHOWN = """({{t}}.custom - coalesce((
    SELECT array_agg(gone.key) FROM crm_custom_field gone
    WHERE gone.deleted_at IS NOT NULL AND gone.entity = '{entity}' AND NOT EXISTS (
        SELECT FROM crm_custom_field kept
        WHERE kept.deleted_at IS NULL AND kept.entity = gone.entity AND kept.key = gone.key
    )
), '{{}}'))"""


class _Definitions:
    """The definitions in the database, read anew each time, so that every process knows a new field at once.

    One look into a small table, and only for what names a custom field.
    """

    def __call__(self, entity: str) -> Mapping[str, FieldType]:
        return {key: item.type for key, item in self.definitions(entity).items()}

    def definitions(self, entity: str) -> Mapping[str, CustomDefinition]:
        """The live definitions of that entity, in the order of their positions."""
        rows = (dict(zip(_COLUMNS, row, strict=True)) for row in _live().run(entity=entity))
        return {row["key"]: definition_of(row | {"default": _json(row["default"])}) for row in rows}

    def revision(self) -> str:
        """Another text after every change of a definition."""
        with connection.cursor() as cursor:
            cursor.execute(_REVISION)
            return cursor.fetchone()[0] or ""


DEFINITIONS = _Definitions()


def asked_of_new_records(entity: str) -> list[tuple[str, bool, Any]]:
    """(key, required, default) of the custom fields without which no new record of that entity is complete."""
    return [(key, required, _json(default)) for key, required, default in _asked().run(entity=entity)]


def shown(entity: str) -> str:
    """The SQL of a record's `custom` without the values of fields whose definitions are deleted."""
    return _SHOWN.format(entity=entity)


def type_of(definition: CustomField) -> FieldType:
    """The type of the values of a definition."""
    return _type(columns_of(definition))


def columns_of(definition: CustomField) -> dict[str, Any]:
    """What `definition_of` takes."""
    return {name: getattr(definition, name) for name in _COLUMNS}


def definition_of(values: Mapping[str, Any]) -> CustomDefinition:
    """The definition that these columns describe."""
    return CustomDefinition(
        key=values["key"],
        type=_type(values),
        label=values["label"],
        doc=". ".join(part.rstrip(".") for part in (values["label"], values["description"]) if part) + ".",
        target=values["target"],
        required=values["required"],
        indexed=values["indexed"] and values["indexed_at"] is not None,
        default=values["default"],
    )


@cache
def _live() -> Statement:
    rows = CustomField.objects.alive().filter(entity=Slot("entity", CharField())).order_by("position", "key")
    return compiled(rows.values_list(*_COLUMNS))


@cache
def _asked() -> Statement:
    rows = CustomField.objects.alive().filter(entity=Slot("entity", CharField()))
    wanted = rows.filter(Q(required=True) | Q(default__isnull=False)).order_by("position", "key")
    return compiled(wanted.values_list("key", "required", "default"))


def _type(values: Mapping[str, Any]) -> FieldType:
    least, most = _bound(values["minimum"]), _bound(values["maximum"])
    match values["type"]:
        case CustomFieldType.NUMBER:
            return ExactNumber(minimum=least, maximum=most)
        case CustomFieldType.MONEY:
            return Money(currency=values["currency"], minimum=least, maximum=most)
        case CustomFieldType.DATE:
            return Date()
        case CustomFieldType.BOOLEAN:
            return Boolean()
        case CustomFieldType.CHOICE:
            return Choice(options=tuple(values["choices"]))
        case CustomFieldType.MULTI_CHOICE:
            return MultiChoice(options=tuple(values["choices"]))
        case CustomFieldType.REFERENCE:
            return Id()
        case kind:
            length = values["max_length"] or LONGEST
            length = min(length, LONGEST_INDEXED) if values["indexed"] else length
            return Url(max_length=length) if kind == CustomFieldType.URL else Text(max_length=length)


def _json(text: str | None) -> Any:
    """The driver leaves JSON as it is."""
    return None if text is None else json.loads(text)


def _bound(value: Decimal | None) -> Decimal | None:
    """Without the zeros that the column adds."""
    return None if value is None else Decimal(format(value.normalize(), "f"))
