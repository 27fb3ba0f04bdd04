"""Definitions of custom fields."""

from __future__ import annotations

from core import registry
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field
from core.registry.types import Choice, Code, Json
from crm.entities import common
from crm.models import CustomField
from crm.services.custom_fields import custom_fields
from crm.types import Key, Options


def _bound(name: str) -> Field:
    # Without the zeros that the column's scale adds.
    return field(CustomField, name, sql=f"trim_scale({{t}}.{name})::text")


CUSTOM_FIELD = Entity(
    name="custom_field",
    plural="custom-fields",
    model=CustomField,
    doc="A field that an organisation adds to a kind of record.",
    fields=(
        *common.record_fields(CustomField),
        field(CustomField, "entity", create_only=True, groupable=True),
        field(CustomField, "key", type=Key(), create_only=True),
        field(CustomField, "label"),
        field(CustomField, "description"),
        field(CustomField, "type", create_only=True, groupable=True),
        field(CustomField, "choices", type=Options(max_length=64)),
        field(CustomField, "target", create_only=True, groupable=True),
        field(CustomField, "currency", type=Code(max_length=3), create_only=True),
        _bound("minimum"),
        _bound("maximum"),
        field(CustomField, "max_length"),
        field(CustomField, "required"),
        field(CustomField, "default", type=Json(objects_only=False), filterable=False),
        field(CustomField, "position"),
        field(CustomField, "indexed"),
        field(CustomField, "indexed_at", **common.READ_ONLY),
    ),
    writes=custom_fields,
    identity="label",
)


def offer_entities() -> None:
    """Say which kinds of record can have custom fields, once all are registered."""
    names = tuple(entity.name for entity in registry.entities() if entity.custom_column)
    CUSTOM_FIELD.fields = tuple(
        item.with_(type=Choice(options=names)) if item.name == "entity" else item for item in CUSTOM_FIELD.fields
    )
