"""The calls of analytics: ask for a recomputation, read what it found."""

from __future__ import annotations

from analytics.entities import attribution, charts, investment, shapes, slices
from analytics.entities.contact_metrics import METRICS
from analytics.selectors import profiles, reports
from analytics.services import recompute
from core.registry.fields import Shape
from core.registry.operations import Operation, OperationKind
from core.registry.types import Boolean, DateTime

_ANALYTICS = ("analytics",)
_THRESHOLD = shapes.parameter(
    "first_order_threshold", shapes.THRESHOLD, "What tells small first orders from large ones; the median if not given."
)

RECOMPUTE = Operation(
    name="recompute_analytics",
    path="analytics/recompute",
    run=recompute.ask,
    entity="analytics",
    action="recompute",
    input=(
        shapes.parameter("as_of", DateTime(), "The moment to look back from; now if not given."),
        shapes.parameter(
            "live",
            Boolean(),
            "Whether contacts show what is found (the default), or it stands beside the live results.",
        ),
        _THRESHOLD,
        shapes.parameter("full_sync", Boolean(), "Copy all facts into the lake anew, not only what changed."),
    ),
    output=shapes.JOB,
    status=202,
    doc="Compute all metrics anew. Answers the job; while an equal one is queued or running, that one.",
    tags=_ANALYTICS,
)
CONCENTRATION = Operation(
    name="concentration",
    path="analytics/concentration",
    run=reports.concentration,
    entity="analytics",
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    input=(shapes.AS_OF, _THRESHOLD),
    output=shapes.CONCENTRATION,
    doc="How much of the revenue comes from the best fifth of the customers, and what first orders tell.",
    tags=_ANALYTICS,
)
FIRST_ORDER_BANDS = Operation(
    name="first_order_bands",
    path="analytics/first-order-bands",
    run=reports.first_order_bands,
    entity="analytics",
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    input=(shapes.AS_OF, _THRESHOLD),
    output=shapes.BANDS,
    doc="What customers became worth, by the value of their first order.",
    tags=_ANALYTICS,
)
RFM = Operation(
    name="rfm_segments",
    path="analytics/rfm",
    run=reports.rfm_segments,
    entity="analytics",
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    input=(shapes.AS_OF,),
    output=shapes.RFM,
    doc="The customers by recency and frequency segment.",
    tags=_ANALYTICS,
)
CONTACT_METRICS_OF = Operation(
    name="metrics_of_contact",
    path="metrics",
    run=profiles.metrics,
    entity="contact",
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    on_record=True,
    output=Shape(title="MetricsOfContact", fields=METRICS),
    doc="The computed profile of a contact.",
    tags=_ANALYTICS,
)
OPERATIONS = (
    RECOMPUTE,
    CONCENTRATION,
    FIRST_ORDER_BANDS,
    RFM,
    *attribution.OPERATIONS,
    *charts.OPERATIONS,
    *investment.OPERATIONS,
    *slices.OPERATIONS,
)
