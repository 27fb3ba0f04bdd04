"""Tags and custom fields."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.types import TextList
from crm.entities import common
from crm.models import CustomField, Tag
from crm.services.custom_fields import custom_fields
from crm.services.tags import tags
from crm.types import Colour, Key

TAG = Entity(
    name="tag",
    plural="tags",
    model=Tag,
    doc="A word that records are marked with. Renaming or deleting it changes the marked records too.",
    fields=(
        *common.record_fields(Tag),
        field(Tag, "name", sortable=True),
        field(Tag, "colour", type=Colour()),
    ),
    writes=tags,
    keys=("external_id", "name"),
    search_fields=("name",),
    identity="name",
)

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
        field(CustomField, "type", create_only=True, groupable=True),
        field(CustomField, "choices", type=TextList(max_length=64, max_items=200)),
        field(CustomField, "required"),
    ),
    writes=custom_fields,
    identity="label",
)
