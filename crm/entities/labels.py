"""Tags."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.entities import Entity
from crm.entities import common
from crm.models import Tag
from crm.services.tags import tags
from crm.types import Colour

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
