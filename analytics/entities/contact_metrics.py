"""The computed profile of a contact as an entity: read only, filterable and sortable in every value."""

from __future__ import annotations

from typing import Any

from django.db.models import DecimalField

from analytics.models import Computed, ContactMetrics
from analytics.models.profile import THEMES, Profitability
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, one
from core.registry.types import FieldType, Text

_READ_ONLY: dict[str, Any] = {"writable": False, "required": False}
_INDEXED = ("recency_days", "frequency", "monetary", "rfm_segment", "rhythm_state", "lifetime_value", "profit")
_GROUPS = (
    "recency_quintile", "frequency_quintile", "monetary_quintile", "first_order_band", "is_top20", "rfm_segment",
    "rhythm_state", "rhythm_basis", "discount_class", "favourite_category",
    "behaviour_stage", "tier", "lifetime_value_method",
    "profit_quintile", "profit_finding",
)  # fmt: skip
# What we earn and spend is for those who may see costs.
_COSTS = frozenset(column.name for column in Profitability._meta.local_fields if isinstance(column, DecimalField))
_TYPES: dict[str, FieldType] = {"rfm_segment": Text(max_length=64), "tier": Text(max_length=64)}


def _value(name: str, **options: Any) -> Field:
    if name in _COSTS:
        options["needs"] = "view_costs"
    if name in _TYPES:
        options["type"] = _TYPES[name]
    return field(ContactMetrics, name, sortable=name in _INDEXED, groupable=name in _GROUPS, **_READ_ONLY, **options)


# Whatever a theme of the profile holds can be read and filtered, in the order of its declaration.
METRICS: tuple[Field, ...] = (
    *(_value(column.name) for theme in THEMES for column in theme._meta.local_fields),
    *(_value(column.name) for column in Computed._meta.local_fields),
)

CONTACT_METRICS = Entity(
    name="contact_metrics",
    plural="analytics/contact-metrics",
    model=ContactMetrics,
    doc="What was computed about a contact. Written by recomputation only.",
    fields=(
        field(ContactMetrics, "id", nullable=False, sortable=True, doc="The contact's id.", **_READ_ONLY),
        field(ContactMetrics, "contact_id", reference="contact", **_READ_ONLY),
        *METRICS,
        field(ContactMetrics, "updated_at", **_READ_ONLY),
        field(ContactMetrics, "version", **_READ_ONLY),
    ),
    relations=(one("contact", "contact", doc="The contact."),),
    verbs=frozenset(),
    keys=(),
    time_field="computed_at",
)
