"""What slices can be cut by, and what they can measure. Without NumPy: every web process loads it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

# A null in a column of whole numbers.
ABSENT = -(2**63)
THRESHOLD_BAND = "first_order_band"
BANDS = ("under", "over")
CUSTOM = "custom."
MAX_DIMENSIONS = 3


class Level(Enum):
    """What a value of a dimension belongs to: a customer, an order, or one line of an order."""

    CUSTOMER = 1
    ORDER = 2
    LINE = 3


# Columns of the lake's contacts that are dimensions by the same name.
CONTACT_COLUMNS = (
    "source", "source_detail", "acquisition_medium", "acquisition_campaign", "region", "country", "city",
    "lifecycle_stage", "owner_id", "team_id", "partner_id",
)  # fmt: skip
# What callers name: dimension -> the column of the store that its codes stand in.
CUSTOMER_DIMENSIONS = {
    "acquisition_source": "acquisition_source", "industry": "industry", "owner": "owner_id", "team": "team_id",
    "partner": "partner_id",
} | {name: name for name in CONTACT_COLUMNS if not name.endswith("_id")}  # fmt: skip
COHORTS = {"cohort_month": "month", "cohort_quarter": "quarter", "cohort_year": "year"}
ORDER_DIMENSIONS = ("channel", "coupon_code", "location")
BUCKETS = {f"order_{unit}": unit for unit in ("day", "week", "month", "quarter", "year")}
LINE_DIMENSIONS = ("product", "product_line", "category", "brand")
# What a contact's field must be for the caller to see the dimension, where it is not named like it.
FIELDS = {"owner": "owner_id", "team": "team_id", "partner": "partner_id", "industry": "company_id"}


class Kind(Enum):
    """How a measure is written: a number of things, money, a share (0 to 1), or a ratio."""

    COUNT = "count"
    MONEY = "money"
    SHARE = "share"
    RATIO = "ratio"
    UNITS = "units"


@dataclass(frozen=True)
class Measure:
    """One measure. `parts` are the sums that it is made of; without `over` it is the first of them.

    over: the part that the first one is divided by. interval: how its 95% interval is made ("mean" or "share").
    profile: the column of contacts' metrics that it adds up, of the last recomputation.
    """

    name: str
    kind: Kind
    doc: str
    parts: tuple[str, ...]
    over: str = ""
    interval: str = ""
    profile: str = ""
    needs_costs: bool = False
    needs_period: bool = False

    @property
    def is_additive(self) -> bool:
        """Whether cells add up to the total, where no customer or order is in several."""
        return not self.over


_ALL = (
    Measure("customers", Kind.COUNT, "Contacts with an order in the period.", ("customers",)),
    Measure("orders", Kind.COUNT, "Orders that were not cancelled, in any currency.", ("orders",)),
    Measure("revenue", Kind.MONEY, "In the base currency, less what was returned.", ("revenue",)),
    Measure(
        "gross_margin", Kind.MONEY, "Revenue less the cost of goods, of what the cost is known of.", ("margin",),
        needs_costs=True,
    ),
    Measure("profit", Kind.MONEY, "Sum of `metrics.profit`.", ("profit",), profile="profit", needs_costs=True),
    Measure("units", Kind.UNITS, "Quantity ordered, less what came back.", ("units",)),
    Measure("returns", Kind.MONEY, "What was given back.", ("returned",)),
    Measure(
        "average_order_value", Kind.MONEY, "Revenue by order in the base currency.", ("revenue", "money_orders"),
        over="money_orders", interval="mean",
    ),
    Measure(
        "average_revenue", Kind.MONEY, "Revenue by customer with an order in the base currency.",
        ("revenue", "money_customers"), over="money_customers", interval="mean",
    ),
    Measure(
        "lifetime_value", Kind.MONEY, "Mean of `metrics.lifetime_value`.", ("lifetime_value", "valued_customers"),
        over="valued_customers", interval="mean", profile="lifetime_value",
    ),
    Measure(
        "retention", Kind.SHARE, "Of the customers of the period before, those who bought again in this one.",
        ("retained", "customers_before"), over="customers_before", interval="share", needs_period=True,
    ),
    Measure("touch_cost", Kind.MONEY, "Cost of the touches in the period, in the base currency.", ("cost",)),
    Measure(
        "acquisition_cost", Kind.MONEY, "Cost of touches by customer whose first order is in the period.",
        ("cost", "new_customers"), over="new_customers",
    ),
    Measure("roi", Kind.RATIO, "Revenue by unit of touch cost: 50 is 50:1.", ("revenue", "cost"), over="cost"),
    Measure(
        "margin_roi", Kind.RATIO, "Gross margin by unit of touch cost.", ("margin", "cost"), over="cost",
        needs_costs=True,
    ),
    Measure(
        "discount_share", Kind.SHARE, "Discounts as a share of the list price.", ("discount", "list_price"),
        over="list_price",
    ),
    Measure("new_customers", Kind.COUNT, "Customers whose first order is in the period.", ("new_customers",)),
    Measure("other_currency_orders", Kind.COUNT, "Orders that money leaves out.", ("other_orders",)),
)  # fmt: skip
MEASURES = {item.name: item for item in _ALL}
DEFAULT_MEASURES = ("customers", "orders", "revenue")
# Sums over an order's lines; the others belong to a whole order or customer, and are not split by product.
LINE_PARTS = frozenset(
    {"customers", "orders", "revenue", "margin", "units", "returned", "discount", "list_price", "money_orders",
     "money_customers", "retained", "customers_before", "other_orders"}
)  # fmt: skip
# Measures of a customer as a whole, which no single order has a part in.
WHOLE = frozenset({"cost", "new_customers", "profit", "lifetime_value", "valued_customers"})


def level_of(name: str) -> Level:
    """The level of a dimension that exists."""
    if name in LINE_DIMENSIONS:
        return Level.LINE
    return Level.ORDER if name in ORDER_DIMENSIONS or name in BUCKETS else Level.CUSTOMER
