"""The calls that answer what touches, campaigns and coupons are worth."""

from __future__ import annotations

from analytics.attribution.names import CONVERSIONS, KEYS, MODELS
from analytics.entities.shapes import AS_OF, COUNT, FRESHNESS, MONEY, WORD, parameter, value
from analytics.selectors.attribution import attribution
from analytics.selectors.campaigns import campaign_roi
from core.registry.fields import ListOf, Shape
from core.registry.operations import Operation, OperationKind
from core.registry.types import Boolean, Choice, DateTime, DecimalNumber, Integer, MultiChoice, Number, Text

_CREDIT = DecimalNumber(max_digits=18, places=6)
_CODE = Text(max_length=200)
_RETURNS = (
    value("cost_per_acquisition", MONEY, "cost / customers, or / credit.", nullable=True),
    value("revenue_ratio", Number(), "revenue / cost: 50 is 50:1.", nullable=True),
    value("margin_ratio", Number(), "margin / cost.", nullable=True),
    value("net_return", Number(), "(revenue - cost) / cost: 49 is 4900%.", nullable=True),
    value("net_margin_return", Number(), "(margin - cost) / cost.", nullable=True),
    value(
        "reasons",
        ListOf(Shape(title="NullReason", fields=(value("field", WORD), value("reason", WORD)))),
        "Why which value is null.",
    ),
)
_REVENUE = value("revenue", MONEY, "Net of discounts and returns, in the base currency.", nullable=True)
_MARGIN = value("margin", MONEY, "Revenue less the cost of the goods, of orders where that is known.", nullable=True)
_COST = value("cost", MONEY, "What the touches cost, where known, in the base currency.", nullable=True)
_MODEL = Shape(
    title="AttributionCredit",
    fields=(
        value("model", Choice(options=MODELS)),
        value("credit", _CREDIT, "Conversions; over all keys they add up to the attributed conversions."),
        _REVENUE,
        _MARGIN,
        *_RETURNS,
    ),
)
_KEY = Shape(
    title="AttributionKey",
    fields=(
        value("key", _CODE, "The source, medium, campaign or channel.", nullable=True),
        value(
            "kind", WORD, "named; unspecified: the touches name none; other: all that are not among the 200 largest."
        ),
        value("touches", COUNT),
        _COST,
        value("unknown_cost_touches", COUNT, "Touches whose cost nobody noted, which `cost` leaves out."),
        value("other_currency_touches", COUNT, "Touches whose cost is in other currencies, left out too."),
        value("removal_effect", Number(), "By which share conversions fall without it (Markov).", nullable=True),
        value("models", ListOf(_MODEL)),
    ),
)
_ATTRIBUTION = Shape(
    title="Attribution",
    fields=(
        value("by", Choice(options=tuple(KEYS))),
        value("conversion", Choice(options=CONVERSIONS)),
        value("lookback_days", COUNT, "How long before a conversion a touch counts."),
        value("conversions", COUNT),
        value("attributed_conversions", COUNT, "Those with a touch in the window."),
        value("unattributed_conversions", COUNT, "Those without."),
        value("other_currency_conversions", COUNT, "Those whose revenue is left out."),
        value("margin_conversions", COUNT, "Those whose margin is known."),
        value("margin_is_complete", Boolean(), "Whether the margin is known of all in the base currency."),
        *(
            value(f"{part}{name}", MONEY, "Null where none is known.", nullable=True)
            for part in ("", "attributed_", "unattributed_")
            for name in ("revenue", "margin")
        ),
        value("lost_journeys", COUNT, "Touches in a row that no conversion followed in time; they count for Markov."),
        value("contacts", COUNT, "Contacts that were touched."),
        value("touches", COUNT),
        value("touches_of_nobody_known", COUNT, "Touches on no journey, since nobody knows whose; they count as cost."),
        _COST,
        value("unknown_cost_touches", COUNT),
        value("other_currency_touches", COUNT),
        value("keys", ListOf(_KEY), "The most touches first."),
        *FRESHNESS,
    ),
)
_CAMPAIGN = Shape(
    title="CampaignReturns",
    fields=(
        value("kind", Choice(options=("campaign", "coupon"))),
        value("code", _CODE),
        value("first_at", DateTime(), "The first touch, or redemption."),
        value("last_at", DateTime(), "The last."),
        value("touches", COUNT, nullable=True),
        value("recipients", COUNT, "Contacts that were touched; unknown for coupons.", nullable=True),
        value("customers", COUNT, "Recipients who bought within the window after a touch; or who redeemed."),
        value("new_customers", COUNT, "Those whose first order it was."),
        value("orders", COUNT),
        value("other_currency_orders", COUNT, "Orders that revenue leaves out."),
        value("margin_orders", COUNT, "Orders whose margin is known."),
        value("conversion_rate", Number(), "customers / recipients.", nullable=True),
        value("conversion_rate_low", Number(), "Of its 95% interval (Wilson).", nullable=True),
        value("conversion_rate_high", Number(), "Of its 95% interval (Wilson).", nullable=True),
        value("cost", MONEY, "Of the touches; of a coupon the discounts that we bore.", nullable=True),
        value("unknown_costs", COUNT, "Touches or redemptions whose cost is not known."),
        value("other_currency_costs", COUNT),
        value("revenue", MONEY, "Of a coupon before its discount.", nullable=True),
        value("margin", MONEY, "Of a coupon before its discount.", nullable=True),
        *_RETURNS,
    ),
)
_CAMPAIGNS = Shape(
    title="CampaignsReturns",
    fields=(
        value("basis", WORD, "attributed: what followed a campaign, not what it added. That takes a holdout."),
        value("campaigns", ListOf(_CAMPAIGN), "By kind and code."),
        *FRESHNESS,
    ),
)

ATTRIBUTION = Operation(
    name="attribution",
    path="analytics/attribution",
    run=attribution,
    entity="analytics",
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    input=(
        parameter("by", Choice(options=tuple(KEYS)), "What touches are told apart by; source if not given."),
        parameter("models", MultiChoice(options=MODELS), "Which models to answer; all if not given."),
        parameter("conversion", Choice(options=CONVERSIONS), "What counts as one; first_order if not given."),
        parameter("lookback_days", Integer(minimum=1, maximum=3650), "Refused where it is not what was computed."),
        AS_OF,
    ),
    output=_ATTRIBUTION,
    doc="To which sources, media, campaigns or channels conversions are owed, by six models side by side.",
    tags=("analytics",),
)
CAMPAIGN_ROI = Operation(
    name="campaign_roi",
    path="analytics/campaigns",
    run=campaign_roi,
    entity="analytics",
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    input=(
        parameter("kind", Choice(options=("campaign", "coupon")), "Only these."),
        parameter("code", _CODE, "Only this one."),
        AS_OF,
    ),
    output=_CAMPAIGNS,
    doc="What each campaign and coupon cost and brought. Attributed, not incremental.",
    tags=("analytics",),
)
OPERATIONS = (ATTRIBUTION, CAMPAIGN_ROI)
