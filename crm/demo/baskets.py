"""From lines of the grocery data to orders: prices, discounts by kind, and what is no purchase.

What the columns mean (from the publisher, and checked against the data: of 482 couponed lines whose product has a usual
price in other lines, 421 come to it by this rule and none where the coupon is added as well):
- `sales_value` is what the retailer received for the line, manufacturers' coupons included;
- `retail_disc` and `coupon_match_disc` are what the retailer gave away, so list price = sales_value + both;
- `coupon_disc` is paid by the manufacturer: the customer paid sales_value - coupon_disc.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

from crm.demo.files import moment, rows

CENT, PRICE = Decimal("0.01"), Decimal("0.0001")
FUEL, THOUSANDTHS_FROM = "GASOLINE", 100
KINDS = (
    ("retail", "retail_disc", False),
    ("coupon_match", "coupon_match_disc", False),
    ("coupon", "coupon_disc", True),
)


@dataclass
class Line:
    """A bought position. Discounts: kind, amount, whether somebody else pays it."""

    product: str
    quantity: Decimal
    unit_price: Decimal
    discounts: list[tuple[str, Decimal, bool]]
    borne: Decimal
    reimbursed: Decimal
    total: Decimal


@dataclass
class Basket:
    """One visit to a store. `coupons` are manufacturers' coupons that were scanned on a line of their own."""

    key: str
    household: int
    store: str
    placed_at: datetime
    lines: list[Line] = field(default_factory=list)
    coupons: list[Decimal] = field(default_factory=list)


def read(products: dict[str, dict[str, str]]) -> list[Basket]:
    """The baskets, by time; some hold nothing but corrections and scanned coupons."""
    found: dict[str, Basket] = {}
    for row in rows("complete_journey_transactions"):
        key, at = row["basket_id"], moment(row["transaction_timestamp"])
        assert at is not None  # noqa: S101 - every line of the shipped file has it
        basket = found.setdefault(key, Basket(key, int(row["household_id"]), row["store_id"], at))
        line = _line(row, products)
        basket.lines.append(line)
        if not line.quantity and (coupon := _money(row["coupon_disc"])):
            basket.coupons.append(coupon)
    return list(found.values())


def usual_prices(baskets: Iterable[Basket]) -> dict[str, Decimal]:
    """The median list price of each product, 0 where none was ever bought: the data has no price list."""
    seen: dict[str, list[Decimal]] = defaultdict(list)
    for basket in baskets:
        for line in basket.lines:
            seen[line.product] += [line.unit_price] if line.quantity else []
    return {product: median(prices or [Decimal(0)]).quantize(PRICE, ROUND_HALF_UP) for product, prices in seen.items()}


def households() -> Iterator[int]:
    """All households, those without an order included."""
    yield from sorted({int(row["household_id"]) for row in rows("complete_journey_transactions")})


def _line(row: dict[str, str], products: dict[str, dict[str, str]]) -> Line:
    quantity, received = Decimal(row["quantity"]), _money(row["sales_value"])
    if quantity == 0:
        # A correction or a coupon scanned by itself: nothing was bought, and nothing was paid.
        return Line(row["product_id"], quantity, Decimal(0), [], Decimal(0), Decimal(0), received)
    if FUEL in products.get(row["product_id"], {}).get("product_type", "") and quantity >= THOUSANDTHS_FROM:
        # Fuel is counted in thousandths of a gallon: 8,776 for $24.13 is 8.776 gallons at $2.75.
        quantity /= 1000
    discounts = [(kind, _money(row[column]), reimbursed) for kind, column, reimbursed in KINDS]
    borne, reimbursed = discounts[0][1] + discounts[1][1], discounts[2][1]
    unit_price = ((received + borne) / quantity).quantize(PRICE, ROUND_HALF_UP)
    given = [one for one in discounts if one[1]]
    return Line(row["product_id"], quantity, unit_price, given, borne, reimbursed, received)


def _money(text: str) -> Decimal:
    return Decimal(text).quantize(CENT, ROUND_HALF_UP)
