"""A customer's profit and loss, over both APIs and as a panel of the contact."""

from __future__ import annotations

from analytics.entities.shapes import COUNT, WORD, parameter, value
from analytics.selectors import profit
from core.registry.feeds import Feed
from core.registry.fields import ListOf, Shape
from core.registry.operations import Operation, OperationKind
from core.registry.types import Choice, DateTime, DecimalNumber, Id, Text

EXACT = DecimalNumber(max_digits=18, places=4)
QUANTITY = DecimalNumber(max_digits=18, places=3)
_DOCS = {
    "orders": "Orders that were not cancelled, in any currency.",
    "sales": "Orders at list price.",
    "discounts": "What we gave away.",
    "returns": "What was given back.",
    "revenue": "Sales less discounts and returns; null where all orders are in other currencies.",
    "cost_of_goods": "What the goods kept by the customer cost, as far as known.",
    "lines_without_cost": "Order lines of which the cost is not known.",
    "gross_margin": "Revenue less cost of goods; null where the cost of any is not known.",
    "cost_to_serve": "Service, orders, returns and deliveries; null where one of them is.",
    "campaign_share": "Of what campaigns spent in vain, as last computed; it is in `acquisition_cost`.",
    "profit": "Gross margin less cost to serve, marketing and acquisition; null where one is not known.",
    "cost_events": "Events that cost something.",
    "unrated_events": "Those of them of which no cost is known.",
}
_COUNTS = ("orders", "lines_without_cost", "cost_events", "unrated_events")
_PERIOD = (
    parameter("as_of", DateTime(), "What happened up to then; the moment of the last computation if not given."),
    parameter("start", DateTime(), "Only what happened from then on."),
    parameter("end", DateTime(), "Only what happened before then."),
)
_LINE = Choice(options=tuple(name for name, _ in profit.LINES))

ACTIVITY = Shape(
    title="ActivityOfContact",
    fields=(
        value("line", WORD, "The statement line: service, order, return, delivery, marketing, acquisition."),
        value("activity", WORD, "The activity's key; recorded_cost is what a touch itself cost."),
        value("events", COUNT),
        value("unrated_events", COUNT, "Those without an amount."),
        value("quantity", QUANTITY, "Units of the driver.", nullable=True),
        value("amount", EXACT, nullable=True),
    ),
)
STATEMENT = Shape(
    title="ProfitOfContact",
    fields=(
        value("contact_id", Id()),
        value("as_of", DateTime(), "The moment it looks back from."),
        value("start", DateTime(), nullable=True),
        value("end", DateTime(), nullable=True),
        value("base_currency", WORD, "The currency of all amounts here."),
        *(
            value(name, COUNT, _DOCS.get(name, ""))
            if name in _COUNTS
            else value(name, EXACT, _DOCS.get(name, ""), nullable=True)
            for name in profit.FIGURES
        ),
        value("activities", ListOf(ACTIVITY), "What each activity cost."),
        value("run_id", Id(), "The last computation of all customers' profits.", nullable=True),
        value("computed_profit", EXACT, "What it found, of all time.", nullable=True),
        value("computed_as_of", DateTime(), nullable=True),
    ),
)
PROFIT_OF_CONTACT = Operation(
    name="profit_of_contact",
    path="profit",
    run=profit.of_contact,
    entity="contact",
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    on_record=True,
    input=_PERIOD,
    output=STATEMENT,
    doc="A customer's profit and loss by activity-based costing; `profit-events` has what its lines are made of.",
    tags=("analytics",),
)
PROFIT_EVENTS = Feed(
    "profit-events",
    Shape(
        title="ProfitEvent",
        fields=(
            value("line", _LINE, "The statement line that it is a part of."),
            value("source", WORD, "What it was: interaction, case, order, order_line, order_return, touch, campaign."),
            value("source_id", Id(), "The record's id; the contact's for a share of a campaign."),
            value("occurred_at", DateTime()),
            value("activity", WORD, "The activity's key, or the line itself."),
            value("quantity", QUANTITY, "Units of the driver.", nullable=True),
            value("rate", EXACT, "What one unit cost.", nullable=True),
            value("rate_id", Id(), nullable=True),
            value("amount", EXACT, "Costs are positive; null where not known.", nullable=True),
            value(
                "reason",
                Text(max_length=40),
                "Why there is no amount: no_rate, no_quantity, negative_quantity, other_currency, no_cost.",
                nullable=True,
            ),
        ),
    ),
    profit.events,
    "What the lines of a customer's profit and loss are made of, newest first.",
    filters=(parameter("line", _LINE, "Only this line."), *_PERIOD),
)

__all__ = ["PROFIT_EVENTS", "PROFIT_OF_CONTACT"]
