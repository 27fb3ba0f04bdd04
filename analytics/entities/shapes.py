"""The shapes of what analytics answers and is asked."""

from __future__ import annotations

from core.registry.fields import Field, ListOf, Shape
from core.registry.types import Boolean, DateTime, DecimalNumber, FieldType, Id, Integer, Json, Number, Text

MONEY = DecimalNumber(max_digits=18, places=2)
THRESHOLD = DecimalNumber(max_digits=18, places=3)
COUNT = Integer(minimum=0)
WORD = Text(max_length=100)


def value(name: str, kind: FieldType, doc: str = "", *, nullable: bool = False) -> Field:
    """A value of an answer."""
    return Field(name, kind, doc, nullable=nullable)


def parameter(name: str, kind: FieldType, doc: str) -> Field:
    """Something that may be said in a call, and need not."""
    return Field(name, kind, doc, stored=False)


AS_OF = parameter("as_of", DateTime(), "The last result that looks back from no later than this moment.")
FRESHNESS = (
    value("run_id", Id(), "The run that found this."),
    value("as_of", DateTime(), "The moment it looks back from."),
    value("computed_at", DateTime(), "When it was computed."),
    value("definition", WORD, "The definition's name."),
    value("definition_version", WORD, "Digest of the definition and of what it reads."),
    value("window", WORD, "Which orders it looks at."),
    value("lake_synced_at", DateTime(), "The lake was equal to the database as of then.", nullable=True),
    value("has_newer_data", Boolean(), "Whether facts have changed since."),
    value("base_currency", WORD, "The currency of all amounts here."),
)

JOB = Shape(
    title="RecomputeJob",
    fields=(
        value("id", Id(), "The job's id; follow it under `jobs`."),
        value("kind", WORD),
        value("status", WORD),
        value("done", COUNT, "Steps done."),
        value("total", COUNT, "Steps in all, where known.", nullable=True),
        value("message", Text(max_length=500), "What is being done now."),
        value("as_of", DateTime(), "The moment it looks back from."),
        value("live", Boolean(), "Whether contacts will show what is found; a replay stands beside it."),
    ),
)
_COMPARED = Shape(
    title="ComparedRun",
    fields=(
        value("run_id", Id()),
        value("as_of", DateTime()),
        value("definition_version", WORD),
        value("lake_synced_at", DateTime(), nullable=True),
        value("is_live", Boolean()),
        value("parameters", Json()),
        value("rows", COUNT, nullable=True),
    ),
)
_COMPARED_COLUMN = Shape(
    title="ComparedColumn",
    fields=(
        value("name", WORD),
        value("changed", COUNT, "Rows of both in which it differs."),
        value("total_before", WORD, "Its sum in this run, where it holds numbers.", nullable=True),
        value("total_after", WORD, "Its sum in the other.", nullable=True),
    ),
)
COMPARISON = Shape(
    title="RunComparison",
    fields=(
        value("definition", WORD),
        value("run", _COMPARED),
        value("other", _COMPARED),
        value("same_version", Boolean(), "Whether the same rules made both, all the way down."),
        value("same_parameters", Boolean()),
        value("added", COUNT, "Rows that only the other has."),
        value("removed", COUNT, "Rows that only this run has."),
        value("changed", COUNT, "Rows of both that differ in something."),
        value("columns", ListOf(_COMPARED_COLUMN)),
        value("differences", Json(), "Of reports: up to 1,000 rows that differ, as {before, after}; else empty."),
    ),
)
LEFT_OUT = Shape(
    title="LeftOutOrders",
    fields=(
        value("reason", WORD, "cancelled, after_as_of, no_contact, deleted_contact, or other_currency (money only)."),
        value("currency", WORD),
        value("orders", COUNT),
        value("amount", MONEY, "What they are worth, in that currency."),
    ),
)
BAND = Shape(
    title="FirstOrderBandValue",
    fields=(
        value("band", WORD, "under: the first order was below the threshold; over: it was at the threshold or above."),
        value("threshold", THRESHOLD),
        value("customers", COUNT),
        value("orders", COUNT, "All their orders."),
        value("revenue", MONEY, "All they brought."),
        value("average_value", MONEY, "What one of them brought on average."),
        value("average_first_order", MONEY),
    ),
)
SEGMENT = Shape(
    title="RfmSegmentValue",
    fields=(
        value("segment", WORD),
        value("customers", COUNT),
        value("orders", COUNT),
        value("revenue", MONEY),
        value("average_recency_days", Number()),
        value("average_orders", Number()),
    ),
)
_CONCENTRATION: tuple[Field, ...] = (
    value("contacts", COUNT, "Contacts, with and without orders."),
    value("customers", COUNT, "Contacts with at least one order."),
    value("customers_with_revenue", COUNT, "Customers with at least one order in the base currency."),
    value("orders", COUNT),
    value("other_currency_orders", COUNT, "Orders that `revenue` leaves out."),
    value("revenue", MONEY, "In the base currency, less what was returned."),
    value("top20_customers", COUNT, "The best fifth, rounded up; 0 with fewer than five customers."),
    value("top20_revenue", MONEY, "What they brought; null with fewer than five customers.", nullable=True),
    value("top20_share", Number(), "Their share, 0 to 1; null where there is not enough data.", nullable=True),
)

PARETO = Shape(
    title="ParetoShare",
    fields=(
        value("top_percent", COUNT, "The best so many percent of the customers, rounded up to whole ones."),
        value("customers", COUNT, "How many that is; 0 where there are too few for it."),
        value("amount", MONEY, "What they bring.", nullable=True),
        value("share", Number(), "Of the total, 0 to 1.", nullable=True),
    ),
)
CURVE_POINT = Shape(
    title="ConcentrationPoint",
    fields=(
        value("customers", COUNT, "The best so many customers."),
        value("customers_share", Number(), "Of all, 0 to 1."),
        value("amount", MONEY, "What they bring together."),
        value("share", Number(), "Of the total; above 1 where others take something away again.", nullable=True),
    ),
)
CURVE = Shape(
    title="ConcentrationMeasure",
    fields=(
        value("measure", WORD, "revenue, or profit where costs are known."),
        value("customers", COUNT, "Those of whom it is known."),
        value("total", MONEY),
        value("gini", Number(), "0 where all are equal, near 1 where one has all; null of one alone.", nullable=True),
        value("reason", WORD, "Why shares are null: not_enough_customers, total_not_positive.", nullable=True),
        value("pareto", ListOf(PARETO), "What the best 1, 5, 10, 20 and 50 percent bring."),
        value("eighty_percent_customers", COUNT, "The fewest who bring 80% of the total.", nullable=True),
        value("eighty_percent_share", Number(), "Of all customers, 0 to 1.", nullable=True),
        value("peak", MONEY, "What those bring who bring something."),
        value("peak_share", Number(), "Of the total: the top of the whale curve.", nullable=True),
        value("peak_customers", COUNT, "How many those are: where the top is."),
        value("loss_makers", COUNT, "Customers who take something away."),
        value("lost", MONEY, "What they take."),
        value("points", ListOf(CURVE_POINT), "The curve from the best customer to the last, which is 100%."),
    ),
)


def answer(title: str, *fields: Field) -> Shape:
    """An answer with where it comes from and how fresh it is."""
    return Shape(title=title, fields=(*fields, *FRESHNESS))


def _listed(name: str, shape: Shape, doc: str = "") -> Field:
    return value(name, ListOf(shape), doc)


CONCENTRATION = answer(
    "Concentration",
    *_CONCENTRATION,
    _listed("measures", CURVE, "Curves and coefficients of revenue, and of profit where it is known."),
    _listed("first_order_bands", BAND, "Their worth by first order."),
    _listed("left_out", LEFT_OUT, "Orders that are not in `revenue`, and why."),
)
BANDS = answer("FirstOrderBands", _listed("bands", BAND))
RFM = answer("RfmSegments", _listed("segments", SEGMENT))
