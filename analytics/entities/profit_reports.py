"""What profits say of product lines, and what is worth acting on."""

from __future__ import annotations

from analytics.entities.profit import EXACT
from analytics.entities.shapes import AS_OF, COUNT, FRESHNESS, WORD, parameter, value
from analytics.selectors import findings, product_lines
from core.registry.fields import Field, ListOf, Shape
from core.registry.operations import Operation, OperationKind
from core.registry.types import Choice, Date, DateTime, Download, Id, Json, Text

_TOTAL = EXACT
_FIGURES: tuple[Field, ...] = (
    *(value(name, COUNT if name in product_lines.COUNTS else _TOTAL) for name in product_lines.MEASURES),
    value("lines_without_cost", COUNT, "Order lines of which the cost is not known."),
    value("sales_without_lines", _TOTAL, "Of sales, what came without lines: its goods are not known."),
    value("unrated_events", COUNT, "Events of which no cost is known."),
    value("revenue", _TOTAL, "Sales less discounts and returns."),
    value("gross_margin", _TOTAL, "Revenue less cost of goods; null where that of any is not known.", nullable=True),
    value("profit", _TOTAL, "Gross margin less the costs of activities.", nullable=True),
)
_CELL = Shape(
    title="ProductLineProfit",
    fields=(
        value("product_line_id", Id(), "Null for what names no product.", nullable=True),
        value("product_line", Text(max_length=200), "Its name; unallocated for what names no product."),
        value("segment", Text(max_length=200), "Of the customer; null where it is not known.", nullable=True),
        *_FIGURES,
    ),
)
_INPUT = (
    parameter("segment_by", Choice(options=product_lines.DIMENSIONS), "What tells customers apart; all if not given."),
    parameter("start", Date(), "From this month on (its first day)."),
    parameter("end", Date(), "Up to before this month (its first day)."),
    AS_OF,
)
PRODUCT_LINES = Operation(
    name="product_line_profits",
    path="analytics/product-lines",
    run=product_lines.profits,
    entity="analytics",
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    input=_INPUT,
    output=Shape(
        title="ProductLineProfits",
        fields=(
            value("segment_by", WORD),
            value("rows", ListOf(_CELL)),
            value("total", Shape(title="ProductLineTotal", fields=_FIGURES), "Of all of them."),
            *FRESHNESS,
        ),
    ),
    doc="What product lines bring and cost, by the segment of the customer. All segments add up to all customers.",
    tags=("analytics",),
)
LEDGER = Operation(
    name="product_line_ledger",
    path="analytics/product-lines/ledger",
    run=product_lines.ledger,
    entity="analytics",
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    input=_INPUT,
    output=Download(),
    doc="The same by month and account, in cents, as CSV for a ledger: income is a credit, costs are debits.",
    tags=("analytics",),
)
_FINDING = Shape(
    title="Finding",
    fields=(
        value("key", WORD, "Its name for programs."),
        value("title", Text(max_length=200)),
        value("statement", Text(max_length=1000), "The finding in a sentence, with figures."),
        value("action", Text(max_length=1000), "What to do."),
        value("customers", COUNT, "How many it is about.", nullable=True),
        value("amount", EXACT, "What is at stake, in the base currency.", nullable=True),
        value("evidence", Json(), "The figures."),
        value("criteria", Json(), "Which contacts it is about: search with it, or make a segment.", nullable=True),
        value("run_id", Id(), "The computation that it follows from."),
        value("definition", WORD),
        value("as_of", DateTime(), "The moment it looks back from."),
        value("computed_at", DateTime(), nullable=True),
    ),
)
FINDINGS = Operation(
    name="findings",
    path="analytics/findings",
    run=findings.every,
    entity="analytics",
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    input=(AS_OF,),
    output=Shape(title="Findings", fields=(value("findings", ListOf(_FINDING)),)),
    doc="What is worth acting on, each with its evidence and with the customers that it is about.",
    tags=("analytics",),
)
PROFIT_REPORTS = (PRODUCT_LINES, LEDGER, FINDINGS)
