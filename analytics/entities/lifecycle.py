"""The lifecycle of customers, from the first order to loyalty or a lapse, over both APIs."""

from __future__ import annotations

from analytics.entities import shapes
from analytics.entities.shapes import COUNT, WORD, value
from analytics.selectors import lifecycle
from core.registry.fields import ListOf, Shape
from core.registry.operations import Operation, OperationKind
from core.registry.types import Boolean, Date, Integer, Number

_STOCK = Shape(
    title="LifecycleStock",
    fields=(value("stage", WORD), value("customers", COUNT, "In it at the month's end.")),
)
_FLOW = Shape(
    title="LifecycleFlow",
    fields=(
        value("from_stage", WORD, "At the end of the month before; null of those who bought first.", nullable=True),
        value("to_stage", WORD, "At the month's end; the same for those who stayed."),
        value("customers", COUNT),
        value("share", Number(), "Of those who were in `from_stage`, 0 to 1.", nullable=True),
        value("share_low", Number(), "Lower end of its 95% interval (Wilson).", nullable=True),
        value("share_high", Number(), "Upper end.", nullable=True),
    ),
)
_MONTH = Shape(
    title="LifecycleMonth",
    fields=(
        value("month", Date(), "Its first day."),
        value("complete", Boolean(), "Whether it is over; otherwise it is told as of now."),
        value("stocks", ListOf(_STOCK)),
        value("flows", ListOf(_FLOW)),
    ),
)
LIFECYCLE = Operation(
    name="lifecycle_flow",
    path="analytics/lifecycle",
    run=lifecycle.lifecycle,
    entity="analytics",
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    input=(
        shapes.AS_OF,
        shapes.parameter("months", Integer(minimum=1, maximum=120), "How many of the last months; 12."),
    ),
    output=shapes.answer(
        "LifecycleFlows",
        value("stages", ListOf(WORD), "All stages, in their order."),
        value("months", ListOf(_MONTH), "Oldest first."),
    ),
    doc="How customers go from new to active and loyal, come to be at risk, lapse, and come back, month by month.",
    tags=("analytics",),
)
