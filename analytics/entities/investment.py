"""The calls that answer what winning and keeping customers may cost."""

from __future__ import annotations

from analytics.entities.shapes import AS_OF, COUNT, FRESHNESS, MONEY, WORD, parameter, value
from analytics.selectors.investment import investment, plan
from core.registry.fields import Field, ListOf, Shape
from core.registry.operations import Operation, OperationKind
from core.registry.types import DecimalNumber, FieldType, Integer, Number, Text, TextList

_AMOUNT = DecimalNumber(max_digits=18, places=4)
_NAME = Text(max_length=100)


def _needed(name: str, kind: FieldType, doc: str = "") -> Field:
    return Field(name, kind, doc, required=True, nullable=False, stored=False)


_POINT = (
    _needed("ceiling", Number(), "The rate that no amount of money raises further, up to 1."),
    _needed("spend", _AMOUNT, "What was spent per head."),
    _needed("rate", Number(), "The rate that this gave."),
)
_PLAN = value(
    "plan",
    Shape(
        title="InvestmentPlan",
        fields=(
            value("acquisition_spend", Number(), "Per prospect."),
            value("acquisition_rate", Number()),
            value("retention_spend", Number(), "Per customer and period."),
            value("retention_rate", Number()),
            value("lifetime_value", Number(), "Of a customer who was won."),
            value("customer_equity", Number(), "What is left per prospect."),
            value("marginal_acquisition_cost", Number(), "Of one more customer won.", nullable=True),
            value("marginal_retention_cost", Number(), "Of one more customer kept.", nullable=True),
        ),
    ),
    "The spending that brings most; null where something is missing.",
    nullable=True,
)
_SHARE = Shape(
    title="BudgetShare",
    fields=(
        value("name", _NAME),
        value("customers", COUNT),
        value("amount", MONEY),
        value("per_customer", Number()),
        value("expected_return", Number()),
        value("marginal_return", Number(), "What the next unit of money would bring."),
    ),
)
_SPLIT = value(
    "split",
    Shape(
        title="BudgetSplit",
        fields=(
            value("budget", MONEY),
            value("unspent", MONEY, "What would bring less than itself."),
            value("marginal_return", Number(), "Of the last unit of money, everywhere alike.", nullable=True),
            value("shares", ListOf(_SHARE)),
        ),
    ),
    "Of the budget, where one was given.",
    nullable=True,
)
_SEGMENT = Shape(
    title="InvestmentSegment",
    fields=(
        value("kind", WORD),
        value("segment", _NAME),
        value("customers", COUNT),
        value("at_risk", COUNT, "Rather not buying within 90 days than buying."),
        value(
            "on_margin", COUNT, "Those valued on their own margin; the others on the company's share, or on revenue."
        ),
        value("rebuy_probability", Number(), "To buy within 90 days, on average."),
        value("period_margin", MONEY, "Of 90 days in which they buy, all of them together."),
        value("future_value", MONEY, "Of all they will bring, discounted."),
        value("retention_worth", MONEY, "By how much more that would be, did all buy within 90 days."),
        value("at_risk_worth", MONEY, "Of those at risk."),
        value("spend_ceiling", MONEY, "What keeping one may cost at most."),
    ),
)
_OBSERVED = Shape(
    title="InvestmentObserved",
    fields=(
        value("period_days", COUNT),
        value("margin", MONEY, "Of an active customer in the period.", nullable=True),
        value("margin_basis", WORD, "margin, or margin_share where some goods have no cost.", nullable=True),
        value("prospects", COUNT),
        value("won", COUNT),
        value("acquisition_rate", Number(), nullable=True),
        value("acquisition_spend", MONEY, nullable=True),
        value("prior_customers", COUNT),
        value("kept_customers", COUNT),
        value("retention_rate", Number(), nullable=True),
        value("retention_spend", MONEY, nullable=True),
    ),
)
_ASSUMED = Shape(title="InvestmentAssumed", fields=(value("name", WORD), value("value", Number())))
_INVESTMENT = Shape(
    title="Investment",
    fields=(
        _PLAN,
        value("observed", _OBSERVED, "What the plan rests on.", nullable=True),
        value("assumed", ListOf(_ASSUMED), "What cannot be observed, and was assumed."),
        value("missing", TextList(), "Why there is no plan."),
        value("segments", ListOf(_SEGMENT), "What there is to keep, by RFM segment."),
        value("most_valuable", _SEGMENT, "The same of the 20% who brought most.", nullable=True),
        _SPLIT,
        *FRESHNESS,
    ),
)
_OWN_SEGMENT = Shape(
    title="SegmentToInvestIn",
    fields=(
        _needed("name", _NAME),
        _needed("customers", Integer(minimum=0)),
        _needed("value", _AMOUNT, "Of keeping one."),
        _needed("rate", Number(), "Kept without spending."),
        _needed("ceiling", Number(), "Kept at most."),
        _needed("spend", _AMOUNT, "What was spent on each."),
        _needed("rate_with_spend", Number(), "Kept with that."),
    ),
)

INVESTMENT = Operation(
    name="investment",
    path="analytics/investment",
    run=investment,
    entity="analytics",
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    input=(parameter("budget", MONEY, "To be split over the segments, on assumed curves."), AS_OF),
    output=_INVESTMENT,
    doc="What winning and keeping customers may cost, on the company's own figures.",
    tags=("analytics",),
)
INVESTMENT_PLAN = Operation(
    name="investment_plan",
    path="analytics/investment/plan",
    run=plan,
    entity="analytics",
    action="view",
    kind=OperationKind.QUERY,
    input=(
        _needed("margin", _AMOUNT, "Of a customer per period, before retention spending."),
        _needed("discount", Number(), "Per period; .1 is 10%."),
        _needed("acquisition", Shape(title="AcquisitionPoint", fields=_POINT)),
        _needed("retention", Shape(title="RetentionPoint", fields=_POINT)),
        parameter("budget", MONEY, "To be split over the segments."),
        parameter("segments", ListOf(_OWN_SEGMENT), "With a point on the curve of each."),
    ),
    output=Shape(title="InvestmentPlanned", fields=(_PLAN, _SPLIT)),
    doc="The best spending on one's own calibration points, and a budget split over one's own segments.",
    tags=("analytics",),
)
OPERATIONS = (INVESTMENT, INVESTMENT_PLAN)
