"""Concentration: the definitions against a plain computation, published figures, and what cannot be said."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.selectors import concentration
from tests.analytics.definitions.tables import Tables

AMOUNTS = st.lists(st.decimals(-50, 500, places=2), min_size=1, max_size=30)


def _tables(amounts: list[Decimal]) -> Tables:
    """Customers, each with one order of that worth."""
    orders = [
        {"id": f"o{place:03}", "contact_id": f"c{place:03}", "placed_at": datetime(2026, 1, 5, tzinfo=UTC),
         "status": "completed", "currency": "USD", "total": amount, "returned_total": Decimal(0)}
        for place, amount in enumerate(amounts)
    ]  # fmt: skip
    return Tables({"contacts": [{"id": order["contact_id"]} for order in orders], "orders": orders})


def _found(amounts: list[Decimal]) -> dict[str, Any]:
    tables = _tables(amounts)
    (row,) = tables.rows("concentration_measures")
    return concentration._measure(row, tables.rows("concentration_points"))


@settings(max_examples=30, deadline=None)
@given(AMOUNTS)
def test_against_a_plain_computation(amounts: list[Decimal]) -> None:
    found = _found(amounts)
    total, ordered, n = sum(amounts), sorted(amounts, reverse=True), len(amounts)
    assert Decimal(found["total"]) == total
    # Gini by its definition: the mean difference of all pairs, by twice the mean of what there is.
    apart = sum(abs(one - other) for one in amounts for other in amounts)
    there = sum(abs(each) for each in amounts)
    if n > 1 and there:
        assert found["gini"] == pytest.approx(float(apart / (2 * n * there)), abs=1e-12)
        assert 0 <= found["gini"] <= 1
    else:
        assert found["gini"] is None
    assert [point["amount"] for point in found["points"]] == [
        str(sum(ordered[:place], Decimal(0)).quantize(Decimal("0.01"))) for place in range(n + 1)
    ]
    assert found["loss_makers"] == sum(each < 0 for each in amounts)
    if total > 0:
        assert found["points"][-1]["share"] == 1
        assert found["peak_share"] == pytest.approx(max(point["share"] for point in found["points"]))
        best = -(-n // 5)
        if n >= 5:
            assert found["pareto"][3]["share"] == pytest.approx(float(sum(ordered[:best]) / total))
            fewest = next(k for k in range(1, n + 1) if 5 * sum(ordered[:k]) >= 4 * total)
            assert found["eighty_percent_customers"] == fewest
    else:
        assert found["reason"] in (concentration.NOTHING, concentration.TOO_FEW)
        assert {point["share"] for point in found["points"]} == {None}


def test_where_all_are_equal_nothing_is_concentrated() -> None:
    found = _found([Decimal("0.10")] * 7)
    assert found["gini"] == 0
    assert [point["share"] for point in found["points"]] == pytest.approx([k / 7 for k in range(8)])


def test_of_one_customer_there_is_nothing_to_say() -> None:
    found = _found([Decimal(10)])
    assert (found["gini"], found["reason"], found["eighty_percent_share"]) == (None, concentration.TOO_FEW, None)
    assert {row["share"] for row in found["pareto"]} == {None}


def test_the_whale_curve_rises_above_the_whole_and_ends_with_it() -> None:
    # Three bring 60 each; two take 40 each: the top is at 180 of 100.
    found = _found([Decimal(60)] * 3 + [Decimal(-40)] * 2)
    assert (found["peak_share"], found["peak_customers"], found["loss_makers"]) == (1.8, 3, 2)
    assert found["lost"] == Decimal(80)
    assert [point["share"] for point in found["points"]] == [0, 0.6, 1.2, 1.8, 1.4, 1]


def test_a_known_coefficient() -> None:
    # One of ten has everything: (n - 1) / n.
    assert _found([Decimal(0)] * 9 + [Decimal(5)])["gini"] == pytest.approx(0.9)


def test_of_many_customers_the_points_are_exact_at_half_percents() -> None:
    tables = _tables([Decimal(place % 17) for place in range(1000)])
    points = tables.rows("concentration_points")
    assert [point["place"] for point in points] == list(range(5, 1001, 5))
