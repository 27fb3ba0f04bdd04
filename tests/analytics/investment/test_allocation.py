"""Splitting a budget: exact against giving out cent by cent, and the conditions of the optimum."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.investment.allocation import Segment, split
from analytics.investment.calculus import Infeasible

SEGMENTS = st.lists(
    st.builds(
        Segment,
        name=st.just("s"),
        customers=st.integers(0, 500),
        value=st.floats(0, 500),
        gain=st.floats(0, 1),
        steepness=st.floats(0.001, 2),
    ),
    min_size=1,
    max_size=6,
)


def test_by_hand() -> None:
    alike = [Segment(name, 100, 200, 0.5, 0.1) for name in "ab"]
    found = split(Decimal(100), alike)
    assert [share.amount for share in found.shares] == [Decimal(50), Decimal(50)]
    assert (found.unspent, found.shares[0].per_customer) == (0, 0.5)
    assert split(Decimal("0.01"), [Segment("a", 1, 8, 1, 1)]).unspent == 0
    # The second's first unit brings 2, which the first brings until ln(10/2)/.1 = 16.09 for each customer.
    poorer = Segment("c", 100, 40, 0.5, 0.1)
    assert [share.amount for share in split(Decimal(1600), [alike[0], poorer]).shares] == [Decimal(1600), Decimal(0)]
    assert split(Decimal(1700), [alike[0], poorer]).shares[1].amount > 0


def test_money_that_would_not_come_back_is_kept() -> None:
    found = split(Decimal(100000), [Segment("a", 10, 200, 0.5, 0.1), Segment("b", 10, 5, 0.1, 0.1)])
    # ln(10)/.1 for each of ten customers.
    assert [share.amount for share in found.shares] == [Decimal("230.26"), Decimal(0)]
    assert found.unspent == Decimal(100000) - Decimal("230.26")
    assert found.level == 1
    assert found.shares[0].marginal_return == pytest.approx(1, abs=1e-3)


@given(budget=st.integers(0, 10_000_00).map(lambda cents: Decimal(cents) / 100), segments=SEGMENTS)
@settings(max_examples=150, deadline=None)
def test_parts_add_up_and_marginal_returns_are_equal(budget: Decimal, segments: list[Segment]) -> None:
    found = split(budget, segments)
    assert sum(share.amount for share in found.shares) + found.unspent == budget
    assert found.unspent >= 0
    for share in found.shares:
        assert share.amount >= 0
        if found.level is not None and share.amount > Decimal("0.05"):
            # A cent more or less for one customer moves the return by no more than this.
            slack = 0.02 * share.segment.steepness + 1e-9
            assert share.marginal_return == pytest.approx(found.level, rel=max(slack, 1e-6))
        elif found.level is not None and share.segment.customers and share.amount == 0:
            assert share.segment.first_return <= found.level * (1 + 1e-6 + share.segment.steepness * 0.02)


@given(segments=SEGMENTS)
@settings(max_examples=25, deadline=None)
def test_giving_it_out_bit_by_bit_to_whoever_makes_most_of_it_brings_no_more(segments: list[Segment]) -> None:
    budget = 200.0
    given_ = [0.0] * len(segments)
    for _ in range(2000):
        returns = [
            each.marginal_return(spent / each.customers) if each.customers else 0.0
            for each, spent in zip(segments, given_, strict=True)
        ]
        best = max(range(len(segments)), key=lambda place: returns[place])
        if returns[best] <= 1:
            break
        given_[best] += budget / 2000
    slow = sum(
        each.total_return(spent / each.customers) - spent if each.customers else 0.0
        for each, spent in zip(segments, given_, strict=True)
    )
    found = split(Decimal("200.00"), segments)
    fast = sum(share.expected_return - float(share.amount) for share in found.shares)
    assert fast >= slow - 0.01 * len(segments) - 1e-6 * abs(slow)


def test_bad_input_is_refused() -> None:
    for field, values in {
        "customers": (-1, 1, 0.5, 0.1), "value": (1, -1, 0.5, 0.1), "ceiling": (1, 1, 1.5, 0.1),
        "steepness": (1, 1, 0.5, 0),
    }.items():  # fmt: skip
        with pytest.raises(Infeasible) as caught:
            Segment("a", *values)
        assert caught.value.field == field
    with pytest.raises(Infeasible, match="budget"):
        split(Decimal(-1), [])
    assert split(Decimal(10), []).unspent == 10
