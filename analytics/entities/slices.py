"""The calls of slices: any dimension by any measure, and the customers of a cell."""

from __future__ import annotations

from analytics.entities import shapes
from analytics.entities.shapes import COUNT, WORD, parameter, value
from analytics.selectors import slices
from analytics.slicing import catalogue
from core.criteria.types import Criteria
from core.registry.fields import Field, ListOf, Shape
from core.registry.operations import Operation, OperationKind
from core.registry.types import Boolean, Date, DateTime, DecimalNumber, FieldType, Id, Integer, Text

_FIGURE = DecimalNumber(max_digits=38, places=4)
_NAME = Text(max_length=100)
_VALUE = Text(max_length=1000)

PERIOD_INPUT = Shape(
    title="SlicePeriod",
    fields=(
        parameter("from", Date(), "The first day, in UTC."),
        parameter("to", Date(), "The last day, in UTC."),
        parameter("last", Text(max_length=8), "So much time before as_of: 90d, 12mo, 1y."),
        parameter("this", Text(max_length=8), "The day, week, month, quarter or year that holds as_of, as far as it."),
        parameter("previous", Text(max_length=8), "The whole day, week, month, quarter or year before that."),
    ),
)
DIMENSION_VALUE_INPUT = Shape(
    title="SliceDimensionValue",
    fields=(
        Field("dimension", _NAME, "One of the dimensions.", nullable=False, required=True, stored=False),
        parameter("value", _VALUE, "Its value in the cell; left out or null: none."),
    ),
)
_ASKED = (
    parameter(
        "dimensions", ListOf(_NAME, catalogue.MAX_DIMENSIONS),
        "Up to three: acquisition_source, acquisition_medium, acquisition_campaign, source, source_detail, region, "
        "country, city, lifecycle_stage, industry, owner, team, partner, first_order_band, tier and every groupable "
        "field of contact metrics, custom.<key>, cohort_month|quarter|year (of the first order); of orders channel, "
        "coupon_code, location, order_day|week|month|quarter|year; of lines product, product_line, category, brand.",
    ),
    parameter(
        "measures", ListOf(_NAME, 20),
        f"Of {', '.join(catalogue.MEASURES)}; {', '.join(catalogue.DEFAULT_MEASURES)} if not given.",
    ),
    parameter("period", PERIOD_INPUT, "Which orders count; all up to as_of if not given."),
    parameter("filter", Criteria(), "Which contacts count, in criteria."),
    parameter("as_of", DateTime(), "The moment to look back from; now if not given."),
    parameter(
        "first_order_threshold", shapes.THRESHOLD,
        "What tells small first orders from large ones in first_order_band; the last run's if not given.",
    ),
)  # fmt: skip


def _nullable(name: str, kind: FieldType, doc: str = "") -> Field:
    return value(name, kind, doc, nullable=True)


_MEASURE = Shape(
    title="SliceMeasure",
    fields=(
        value("measure", WORD),
        _nullable("value", _FIGURE, "Money in the base currency; shares from 0 to 1; null with a reason."),
        _nullable("n", COUNT, "Of how many customers or orders."),
        _nullable("low", _FIGURE, "95% interval: of means by Student's t, of shares by Wilson."),
        _nullable("high", _FIGURE),
        _nullable(
            "reason", WORD,
            "Why there is no value or interval: not_enough_data, not_computed, not_by_order, needs_period, no_cost, "
            "no_amount, no_new_customers, nobody_before, too_few_customers.",
        ),
        _nullable("previous", _FIGURE, "In the period before, where that was asked for."),
        _nullable("change", _FIGURE, "From the period before."),
        _nullable("relative_change", _FIGURE, "The change as a share of the period before."),
    ),
)  # fmt: skip
_DIMENSION = Shape(
    title="SliceDimension",
    fields=(
        value("dimension", WORD),
        _nullable("value", _VALUE, "Null: none is known."),
        _nullable("label", _VALUE, "A name for people, where the value is an id of the catalogue."),
    ),
)
_CELL = Shape(
    title="SliceCell",
    fields=(
        value("dimensions", ListOf(_DIMENSION)),
        _nullable("customers", COUNT, "The sample: customers with an order in the period."),
        value("suppressed", Boolean(), "Whether there are fewer customers than minimum_customers."),
        value("measures", ListOf(_MEASURE)),
    ),
)
_BOUNDS = Shape(
    title="SliceBounds",
    fields=(_nullable("start", DateTime(), "The first moment."), value("end", DateTime(), "The first moment after.")),
)
_FRESHNESS = (
    value("as_of", DateTime(), "The moment it looks back from."),
    value("built_at", DateTime(), "When the store was made that this was read from."),
    _nullable("lake_synced_at", DateTime(), "The store's facts were equal to the database as of then."),
    value("has_newer_data", Boolean(), "Whether facts have changed since."),
    value("store_version", WORD),
    value("base_currency", WORD, "The currency of all amounts here."),
)
_ANSWER = Shape(
    title="Slices",
    fields=(
        value("cells", ListOf(_CELL, 10_000)),
        value("cell_count", COUNT, "How many cells there are, those beyond the limit included."),
        value("overlapping", Boolean(), "Whether a customer may be in several cells: cells exceed the totals then."),
        value("customers", COUNT, "All of them, each once."),
        value("totals", ListOf(_MEASURE), "The measures over all cells."),
        value("period", _BOUNDS),
        _nullable("previous_period", _BOUNDS),
        *_FRESHNESS,
    ),
)
_PART = Shape(title="SliceContribution", fields=(value("part", WORD), value("value", _FIGURE)))
_MEMBER = Shape(
    title="SliceMember",
    fields=(value("contact_id", Id()), value("contributions", ListOf(_PART), "What adds up to the cell.")),
)
_MEMBERS = Shape(
    title="SliceMembers",
    fields=(
        value("items", ListOf(_MEMBER, 1000)),
        value("count", COUNT, "How many there are."),
        value("totals", ListOf(_PART), "The sums over all of them."),
        _nullable("next_cursor", Text(max_length=2000), "For `after`; null at the end."),
        *_FRESHNESS,
    ),
)
SLICES = Operation(
    name="analytics_slices",
    path="analytics/slices",
    run=slices.slices,
    entity="analytics",
    action="view",
    kind=OperationKind.QUERY,
    input=(
        *_ASKED,
        parameter("compare", Boolean(), "Show each measure in the period before too, and the change."),
        parameter("order_by", _NAME, "A dimension or measure asked for, with - in front for the greatest first."),
        parameter("limit", Integer(minimum=1, maximum=10_000), "How many cells to show; 1000 if not given."),
        parameter("minimum_customers", Integer(minimum=0), "Cells with fewer customers are shown without figures."),
    ),
    output=_ANSWER,
    doc="Customers, orders and money by any dimensions, with samples, intervals and trends, as far as one sees them.",
    tags=("analytics",),
)
MEMBERS = Operation(
    name="analytics_slice_members",
    path="analytics/slices/members",
    run=slices.members,
    entity="analytics",
    action="view",
    kind=OperationKind.QUERY,
    input=(
        *_ASKED,
        parameter("cell", ListOf(DIMENSION_VALUE_INPUT, catalogue.MAX_DIMENSIONS), "Which cell: a value by dimension."),
        parameter("limit", Integer(minimum=1, maximum=1000), "How many customers; 100 if not given."),
        parameter("after", Text(max_length=2000), "The cursor that the page before gave."),
    ),
    output=_MEMBERS,
    doc="The customers of one cell, with what each brings to it.",
    tags=("analytics",),
)
OPERATIONS = (SLICES, MEMBERS)
