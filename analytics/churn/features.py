"""The features, grouped as reasons are told, with their words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    """Features that are one reason. words: SQL of the reason's text over the features; `$horizon` days are recent."""

    name: str
    features: tuple[str, ...]
    words: str


def _whole(name: str) -> str:
    return f"CAST(ROUND({name}) AS BIGINT)"


GROUPS = (
    Group(
        "recency",
        ("recency_days", "recency_in_gaps"),
        f"'last bought ' || {_whole('recency_days')} || ' days ago'"
        f" || COALESCE(', on average every ' || {_whole('mean_gap_days')} || ' days', '')",
    ),
    Group(
        "frequency",
        ("purchases", "tenure_days", "mean_gap_days"),
        f"{_whole('purchases')} || CASE WHEN purchases = 1 THEN ' purchase' ELSE ' purchases' END || ' in '"
        f" || {_whole('tenure_days')} || ' days'",
    ),
    Group(
        "trend",
        ("orders_lately", "orders_before"),
        f"'orders in the last ' || $horizon || ' days: ' || {_whole('orders_lately')} || ', in those before: '"
        f" || {_whole('orders_before')}",
    ),
    Group(
        "spend",
        ("spent", "average_order"),
        "'spends ' || COALESCE(CAST(CAST(average_order AS DECIMAL(18, 2)) AS VARCHAR), 'nothing') || ' an order'",
    ),
    Group("discounts", ("discount_share",), f"'buys at ' || {_whole('100 * discount_share')} || '% discount'"),
    Group("returns", ("return_share",), f"{_whole('100 * return_share')} || '% of the money was given back'"),
    Group("gifts", ("gift_share",), f"{_whole('100 * gift_share')} || '% of the orders were gifts'"),
    Group("variety", ("products",), f"'has bought ' || {_whole('products')} || ' products'"),
    Group("service", ("cases",), f"{_whole('cases')} || ' service cases in 90 days'"),
    Group(
        "contact",
        ("interactions", "touches", "events"),
        f"{_whole('interactions')} || ' interactions, ' || {_whole('touches')} || ' touches and ' || {_whole('events')}"
        " || ' events in 90 days'",
    ),
)
FEATURES = tuple(name for group in GROUPS for name in group.features)
