"""Recommendations as an entity, and those of one contact in their order."""

from __future__ import annotations

from typing import Any

from analytics.entities.shapes import value
from analytics.models import Recommendation
from analytics.selectors import offers
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, ListOf, Shape, one
from core.registry.operations import Operation, OperationKind
from core.registry.types import DateTime, Id, Integer, Number, Text

_READ_ONLY: dict[str, Any] = {"writable": False, "required": False}


def _value(name: str, **options: Any) -> Field:
    return field(Recommendation, name, **_READ_ONLY, **options)


RECOMMENDATION = Entity(
    name="recommendation",
    plural="analytics/recommendations",
    model=Recommendation,
    doc="What to offer a contact next, with its reason. Written by recomputation only.",
    fields=(
        _value("id", nullable=False, sortable=True),
        _value("contact_id", reference="contact"),
        _value("rank"),
        _value("kind", groupable=True),
        _value("product_id", reference="product"),
        _value("related_product_id", reference="product"),
        _value("score"),
        _value("reason"),
        *(_value(name) for name in ("as_of", "computed_at", "definition_version", "window", "updated_at", "version")),
    ),
    relations=(
        one("contact", "contact", doc="To whom."),
        one("product", "product", doc="What is offered."),
        one("related_product", "product", doc="What it goes with."),
    ),
    verbs=frozenset(),
    keys=(),
    time_field="computed_at",
    identity="reason",
)
_OFFER = Shape(
    title="RecommendationOfContact",
    fields=(
        value("rank", Integer(minimum=1), "1 is the best."),
        value("kind", Text(max_length=10), "repurchase, new, or anything."),
        value("product_id", Id(), "What; null where anything is offered.", nullable=True),
        value("product_name", Text(max_length=200), nullable=True),
        value("related_product_id", Id(), "What of the contact's it goes with.", nullable=True),
        value("score", Number(), "Comparable among those of one kind only.", nullable=True),
        value("reason", Text(max_length=300), "Why, in words."),
        value("as_of", DateTime(), "The moment it looks back from."),
        value("computed_at", DateTime(), "When it was computed."),
    ),
)
RECOMMENDATIONS_OF = Operation(
    name="recommendations_of_contact",
    path="recommendations",
    run=offers.recommendations,
    entity="contact",
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    on_record=True,
    output=ListOf(_OFFER),
    doc="What to offer a contact next, from best to worst; products that are no longer sold are left out.",
    tags=("analytics",),
)
