"""The call that gives charts as files."""

from __future__ import annotations

from analytics.entities import shapes
from analytics.selectors import pictures
from analytics.selectors.charts import CHARTS
from core.registry.fields import Field
from core.registry.operations import Operation, OperationKind
from core.registry.types import Choice, Download, Integer

# Pixels of an SVG; a PNG has twice as many each way.
_SIZE = Integer(minimum=160, maximum=4000)

CHART = Operation(
    name="analytics_chart",
    path="analytics/charts",
    run=pictures.chart,
    entity="analytics",
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    input=(
        Field("name", Choice(options=tuple(CHARTS)), "Which.", nullable=False, required=True, stored=False),
        shapes.parameter("format", Choice(options=tuple(pictures.MEDIA_TYPES)), "svg; json: the data."),
        shapes.parameter("theme", Choice(options=("light", "dark")), "light if not given."),
        shapes.parameter("width", _SIZE, "960 if not given."),
        shapes.parameter("height", _SIZE, "480 if not given."),
        shapes.AS_OF,
    ),
    output=Download(),
    doc="A chart of the last results as SVG or PNG: what the admin's dashboard shows.",
    tags=("analytics",),
)
OPERATIONS = (CHART,)
