"""Cohorts: how customers who began together went on, over both APIs."""

from __future__ import annotations

from analytics.entities import shapes
from analytics.entities.shapes import COUNT, MONEY, WORD, value
from analytics.selectors import cohorts
from core.registry.fields import ListOf, Shape
from core.registry.operations import Operation, OperationKind
from core.registry.types import Boolean, Choice, Date, Integer, Number

_RETENTION = (
    value("retention", Number(), "Share of the cohort that bought in it, 0 to 1.", nullable=True),
    value("retention_low", Number(), "Lower end of its 95% interval (Wilson).", nullable=True),
    value("retention_high", Number(), "Upper end.", nullable=True),
)
_PERIOD = Shape(
    title="CohortPeriod",
    fields=(
        value("period", Date(), "Its first day."),
        value("offset", Integer(minimum=0), "Periods since the cohort's first one, which is 0."),
        value("complete", Boolean(), "Whether the period is over; of one that goes on, figures may still grow."),
        value("active", COUNT, "Customers of the cohort who bought in it."),
        *_RETENTION,
        value("orders", COUNT),
        value("other_currency_orders", COUNT, "Orders that amounts leave out."),
        value("revenue", MONEY, "Less returns; null where all orders are in other currencies.", nullable=True),
        value("cumulative_revenue", MONEY, "From the first period to this one.", nullable=True),
        value("revenue_per_customer", MONEY, "Of that, for each customer of the cohort.", nullable=True),
        value("margin_orders", COUNT, "Orders whose cost is known."),
        value("margin", MONEY, "Theirs, less the cost of goods; null where none is known.", nullable=True),
        value("margin_per_customer", MONEY, "Cumulative, for each customer of the cohort.", nullable=True),
    ),
)
_COHORT = Shape(
    title="Cohort",
    fields=(
        value("cohort", Date(), "First day of the period in which they began."),
        value("customers", COUNT, "How many began in it."),
        value("complete", Boolean(), "Whether that period is over; otherwise more may join."),
        value("periods", ListOf(_PERIOD), "Every period up to `as_of`; those that are yet to come are not there."),
    ),
)
_AGE = Shape(
    title="CohortAge",
    fields=(
        value("offset", Integer(minimum=0), "Periods since the first one."),
        value("cohorts", COUNT, "Cohorts that have lived through it whole."),
        value("customers", COUNT, "Their customers."),
        value("active", COUNT, "Of those, who bought."),
        *_RETENTION,
    ),
)
_GROUP = Shape(
    title="CohortGroup",
    fields=(
        value("member", WORD, "The source or band; null where there is one triangle of all.", nullable=True),
        value("customers", COUNT),
        value("orders", COUNT),
        value("revenue", MONEY, "The sum of its cells."),
        value("cohorts", ListOf(_COHORT)),
        value("curve", ListOf(_AGE), "Retention by age over all cohorts, of periods that are over."),
    ),
)
_OUTSIDE = Shape(
    title="OrdersOutsideCohorts",
    fields=(value("orders", COUNT), value("revenue", MONEY)),
)
COHORTS = Operation(
    name="cohorts",
    path="analytics/cohorts",
    run=cohorts.cohorts,
    entity="analytics",
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    input=(
        shapes.AS_OF,
        shapes.parameter("basis", Choice(options=cohorts.BASES), "What a cohort begins with; the first order."),
        shapes.parameter("granularity", Choice(options=cohorts.GRANULARITIES), "How long periods are; months."),
        shapes.parameter("split", Choice(options=cohorts.SPLITS), "By what customers are told apart; by nothing."),
    ),
    output=shapes.answer(
        "Cohorts",
        value("basis", WORD, "What a cohort begins with."),
        value("granularity", WORD),
        value("split", WORD),
        value("groups", ListOf(_GROUP), "A triangle for each source or band, or one of all."),
        value("outside", _OUTSIDE, "Orders from before an acquisition, or of contacts without one."),
        value("orders", COUNT, "All orders of the groups, and those outside."),
        value("revenue", MONEY, "All revenue of the groups, and that outside."),
    ),
    doc="Retention and revenue of customers who began together, period by period.",
    tags=("analytics",),
)
