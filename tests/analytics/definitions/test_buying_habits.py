"""Habits of buying, by hand and against a plain computation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.steps.definitions import rfm_grid
from tests.analytics.tables import AS_OF, by, compute, facts_of, insert, line, order

BEFORE = AS_OF - timedelta(days=3)
PRODUCTS = [{"id": f"p{n}", "category": category} for n, category in enumerate(("Tea", "Tea", "Coffee", None))]
TASTE = ("favourite_category", "categories", "products_bought", "gift_share")


def _habits(
    contacts: Sequence[str], orders: Sequence[dict[str, Any]], lines: Sequence[dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    listed = [{"id": contact} for contact in contacts]
    with facts_of(contacts=listed, orders=orders, order_lines=lines, products=PRODUCTS) as duck:
        duck.execute("CREATE TABLE rfm_grid (recency INT, frequency INT, segment VARCHAR)")
        insert(duck, "rfm_grid", [{"recency": r, "frequency": f, "segment": s} for r, f, s in rfm_grid()])
        return by(compute(duck, "customer_metrics", "buying_habits"))


def test_gifts_and_what_came_back_are_no_taste() -> None:
    orders = [order(1, "a", BEFORE), order(2, "a", BEFORE, is_gift=True)]
    lines = [
        line(1, "o00001", "p0", BEFORE),
        line(2, "o00001", "p2", BEFORE, is_gift=True),
        line(3, "o00001", "p3", BEFORE, returned_quantity=1),
        line(4, "o00002", "p2", BEFORE),
    ]
    row = _habits(["a"], orders, lines)["a"]
    assert tuple(row[name] for name in TASTE) == ("Tea", 1, 1, 0.5)


def test_the_favourite_is_in_most_orders_and_the_first_by_name_among_equals() -> None:
    orders = [order(n, "a", BEFORE) for n in (1, 2)]
    lines = [line(1, "o00001", "p0", BEFORE), line(2, "o00001", "p1", BEFORE), line(3, "o00002", "p2", BEFORE)]
    assert _habits(["a"], orders, lines)["a"]["favourite_category"] == "Coffee"
    lines.append(line(4, "o00002", "p0", BEFORE))
    assert _habits(["a"], orders, lines)["a"]["favourite_category"] == "Tea"


@pytest.mark.parametrize(
    ("discount", "expected"),
    [(0, "mixed"), (Decimal("29.99"), "mixed"), (30, "bargain_hunter"), (100, "bargain_hunter")],
)
def test_discounts_by_hand(discount: Any, expected: str) -> None:
    orders = [order(1, "a", BEFORE, 100 - discount, subtotal=100, discount_total=discount)]
    assert _habits(["a"], orders, [])["a"]["discount_class"] == expected


def test_big_spenders_pay_the_list_price_and_bring_most() -> None:
    contacts = [f"c{n}" for n in range(5)]
    orders = [order(n, contact, BEFORE, 100 * (n + 1)) for n, contact in enumerate(contacts)]
    found = [row["discount_class"] for _, row in sorted(_habits(contacts, orders, []).items())]
    assert found == ["mixed", "mixed", "mixed", "big_spender", "big_spender"]


def test_without_money_there_are_no_shares() -> None:
    orders = [order(1, "free", BEFORE, 0), order(2, "euro", BEFORE, currency="EUR")]
    for row in _habits(["free", "euro", "none"], orders, []).values():
        assert [row[name] for name in ("return_share", "discount_share", "discount_class", "gift_share")] == [None] * 4
        assert (row["categories"], row["favourite_category"]) == (0, None)


_lines = st.tuples(
    st.integers(0, 3), st.booleans(), st.sampled_from([0, 0, 1]), st.sampled_from([0, 1, 1, 1]), st.integers(0, 7)
)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 9), st.integers(0, 9), st.integers(0, 9)), max_size=8),
       st.lists(_lines, max_size=20))  # fmt: skip
def test_against_a_plain_computation(orders: list[Any], lines: list[Any]) -> None:
    given_orders = [
        order(n, f"c{n % 2}", BEFORE, total, is_gift=gift, subtotal=total + cut, discount_total=cut)
        | {"returned_total": min(back, total)}
        for n, (gift, total, cut, back) in enumerate(orders)
    ]
    known = {each["id"]: each for each in given_orders}
    given_lines = [
        line(n, f"o{of:05}", f"p{product}", BEFORE, is_gift=gift, returned_quantity=min(back, pieces), quantity=pieces)
        for n, (product, gift, back, pieces, of) in enumerate(lines)
    ]
    rows = _habits(["c0", "c1"], given_orders, given_lines)
    for who in ("c0", "c1"):
        assert tuple(rows[who][name] for name in TASTE) == _taste(who, known, given_lines)
        mine = [each for each in given_orders if each["contact_id"] == who]
        total, listed = sum(each["total"] for each in mine), sum(each["subtotal"] for each in mine)
        cut, back = sum(each["discount_total"] for each in mine), sum(each["returned_total"] for each in mine)
        assert rows[who]["return_share"] == (back / total if total else None)
        assert rows[who]["discount_share"] == (cut / listed if listed else None)


def _taste(who: str, orders: dict[str, dict[str, Any]], lines: list[dict[str, Any]]) -> tuple[Any, ...]:
    categories = {each["id"]: each["category"] for each in PRODUCTS}
    mine = [
        x for x in lines if x["order_id"] in orders and orders[x["order_id"]]["contact_id"] == who and x["quantity"]
    ]
    gifts = [each for each in mine if each["is_gift"] or orders[each["order_id"]]["is_gift"]]
    own = [each for each in mine if each not in gifts and each["returned_quantity"] < each["quantity"]]
    seen: dict[str, set[str]] = defaultdict(set)
    for each in own:
        if category := categories[each["product_id"]]:
            seen[category].add(each["order_id"])
    counted = Counter({category: len(ids) for category, ids in seen.items()})
    favourite = min(counted, key=lambda name: (-counted[name], name), default=None)
    return (favourite, len(counted), len({x["product_id"] for x in own}), len(gifts) / len(mine) if mine else None)
