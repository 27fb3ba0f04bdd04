"""Intervals, against published figures and against plain statistics."""

from __future__ import annotations

from decimal import Decimal
from statistics import mean as plain_mean
from statistics import stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import intervals


@pytest.mark.parametrize(
    ("successes", "of", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17:857-872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_score_interval_is_the_published_one(successes: int, of: int, low: float, high: float) -> None:
    found = intervals.wilson(successes, of)
    assert found == pytest.approx((low, high), abs=5e-5)


def test_of_nobody_there_is_no_share() -> None:
    assert intervals.wilson(0, 0) is None
    with pytest.raises(ValueError, match="3 of 2"):
        intervals.wilson(3, 2)


@given(st.lists(st.decimals(0, 10_000, places=2), min_size=5, max_size=60))
def test_the_interval_of_a_mean_is_that_of_the_values(values: list[Decimal]) -> None:
    found = intervals.mean(sum(values, Decimal(0)), sum((each * each for each in values), Decimal(0)), len(values))
    half = 1.959963984540054 * stdev(map(float, values)) / len(values) ** 0.5
    middle = plain_mean(map(float, values))
    assert found == pytest.approx((middle - half, middle + half), abs=1e-6)


def test_a_mean_of_few_has_no_interval() -> None:
    assert intervals.mean(Decimal(4), Decimal(4), 4) is None
    assert intervals.mean(Decimal("5e12"), Decimal("5e24"), 5) == (1e12, 1e12)
