"""Ratios of what was spent and what came of it; where one cannot be told, the reason why."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Returns:
    """cost_per_acquisition: cost / customers, in money. revenue_ratio, margin_ratio: per unit of cost, 50 is "50:1".

    net_return: (revenue - cost) / cost, 49 is 4900%. net_margin_return: the same of the margin.
    reasons: field -> why it is null: cost_unknown, no_cost, no_customers, revenue_unknown, margin_unknown,
    margin_incomplete (known of a part of the orders only).
    """

    cost_per_acquisition: Decimal | None
    revenue_ratio: float | None
    margin_ratio: float | None
    net_return: float | None
    net_margin_return: float | None
    reasons: dict[str, str]


def returns(
    *,
    cost: Decimal | None,
    customers: Decimal | int,
    revenue: Decimal | None,
    margin: Decimal | None,
    margin_is_complete: bool = True,
) -> Returns:
    """All amounts in one currency, over the same orders; None is unknown."""
    reasons: dict[str, str] = {}
    unknown = "cost_unknown" if cost is None else "no_cost" if cost <= 0 else ""
    acquisition = None
    if unknown or customers <= 0:
        reasons["cost_per_acquisition"] = unknown or "no_customers"
    elif cost is not None:
        acquisition = (cost / Decimal(customers)).quantize(CENT, ROUND_HALF_UP)
    ratios: dict[str, float | None] = {}
    for name, net, amount in (("revenue_ratio", "net_return", revenue), ("margin_ratio", "net_margin_return", margin)):
        ratios[name] = ratios[net] = None
        missing = unknown or (f"{name.partition('_')[0]}_unknown" if amount is None else "")
        if name == "margin_ratio" and not margin_is_complete:
            missing = missing or "margin_incomplete"
        if missing or cost is None or amount is None:
            reasons[name] = reasons[net] = missing
        else:
            ratios[name], ratios[net] = float(amount / cost), float((amount - cost) / cost)
    return Returns(
        cost_per_acquisition=acquisition,
        revenue_ratio=ratios["revenue_ratio"],
        margin_ratio=ratios["margin_ratio"],
        net_return=ratios["net_return"],
        net_margin_return=ratios["net_margin_return"],
        reasons=reasons,
    )
