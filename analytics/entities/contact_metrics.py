"""The computed profile of a contact as an entity: read only, filterable and sortable in every value."""

from __future__ import annotations

from typing import Any

from analytics.models import ContactMetrics
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, one
from core.registry.types import Text

_READ_ONLY: dict[str, Any] = {"writable": False, "required": False}
_INDEXED = ("recency_days", "frequency", "monetary", "rfm_segment")
_GROUPS = ("recency_quintile", "frequency_quintile", "monetary_quintile", "first_order_band", "is_top20", "rfm_segment")


def _value(name: str, **options: Any) -> Field:
    return field(ContactMetrics, name, sortable=name in _INDEXED, groupable=name in _GROUPS, **_READ_ONLY, **options)


METRICS: tuple[Field, ...] = (
    *(
        _value(name)
        for name in (
            "recency_days", "frequency", "monetary", "other_currency_orders", "tenure_days", "first_order_at",
            "last_order_at", "average_order_value", "first_order_value", "first_order_band", "recency_quintile",
            "frequency_quintile", "monetary_quintile",
        )
    ),
    _value("rfm_segment", type=Text(max_length=64)),
    _value("is_top20"),
    *(_value(name) for name in ("as_of", "computed_at", "definition_version", "window")),
)  # fmt: skip

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
