"""Decision calculus: the figures of the paper's curves, and the optimum against a search of everything around it."""

from __future__ import annotations

from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.investment.calculus import Calculus, Infeasible, Response

EXAMPLE = Calculus(
    margin=50,
    discount=0.1,
    acquisition=Response.through(ceiling=0.4, spend=5, rate=0.25, name="acquisition"),
    retention=Response.through(ceiling=0.7, spend=10, rate=0.4, name="retention"),
)


def test_the_known_figures() -> None:
    best = EXAMPLE.best()
    assert best.acquisition_spend == pytest.approx(8.4752, abs=5e-5)
    assert best.retention_spend == pytest.approx(16.3187, abs=5e-5)
    assert best.lifetime_value == pytest.approx(67.198, abs=5e-4)
    assert best.marginal_acquisition_cost == pytest.approx(67.198, abs=5e-4)
    assert best.marginal_retention_cost == pytest.approx(67.198, abs=5e-4)
    assert best.customer_equity == pytest.approx(13.306, abs=5e-4)


def test_curves_pass_through_the_points_they_were_made_from() -> None:
    assert EXAMPLE.acquisition.rate(5) == pytest.approx(0.25)
    assert EXAMPLE.retention.rate(10) == pytest.approx(0.4)
    assert (EXAMPLE.retention.rate(0), EXAMPLE.retention.rate(1e9)) == (0, pytest.approx(0.7))


def equity(case: Calculus, a: float, r: float) -> float:
    """The equation as published."""
    won = case.acquisition.ceiling * (1 - exp(-case.acquisition.steepness * a))
    kept = case.retention.ceiling * (1 - exp(-case.retention.steepness * r))
    value = case.margin
    if kept:
        value += (case.margin - r / kept) * (kept / (1 + case.discount - kept))
    return won * value - a


@given(
    margin=st.floats(1, 1e4), discount=st.floats(0.01, 1), ceilings=st.tuples(st.floats(0.05, 1), st.floats(0.05, 1)),
    spends=st.tuples(st.floats(0.1, 1e3), st.floats(0.1, 1e3)),
    reached=st.tuples(st.floats(0.05, 0.95), st.floats(0.05, 0.95)),
)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_no_other_spending_brings_more(
    margin: float,
    discount: float,
    ceilings: tuple[float, float],
    spends: tuple[float, float],
    reached: tuple[float, float],
) -> None:
    curves = [
        Response.through(ceiling=c, spend=s, rate=c * part, name="x")
        for c, s, part in zip(ceilings, spends, reached, strict=True)
    ]
    case = Calculus(margin, discount, *curves)
    best = case.best()
    found = equity(case, best.acquisition_spend, best.retention_spend)
    assert best.customer_equity == pytest.approx(found, rel=1e-6, abs=1e-6)
    for a in (0, 0.5, 0.9, 0.999, 1, 1.001, 1.1, 2):
        for r in (0.5, 0.9, 0.999, 1.001, 1.1, 2):
            other = equity(case, (best.acquisition_spend or margin / 50) * a, (best.retention_spend or margin / 50) * r)
            assert other <= found + 1e-7 * max(1.0, abs(found))
    if best.retention_spend > 1e-6 * margin:
        assert best.marginal_retention_cost == pytest.approx(best.lifetime_value, rel=1e-6)
    if best.acquisition_spend:
        assert best.marginal_acquisition_cost == pytest.approx(best.lifetime_value, rel=1e-6)


def test_where_the_first_unit_does_not_pay_nothing_is_spent() -> None:
    weak = Response.through(ceiling=0.1, spend=1000, rate=0.05, name="x")
    best = Calculus(10, 0.1, weak, weak).best()
    assert (best.acquisition_spend, best.retention_spend, best.customer_equity) == (0, 0, 0)
    assert (best.marginal_acquisition_cost, best.marginal_retention_cost) == (None, None)
    assert best.lifetime_value == 10


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("x_rate", {"ceiling": 0.4, "spend": 5, "rate": 0.4}),
        ("x_rate", {"ceiling": 0.4, "spend": 5, "rate": 0}),
        ("x_ceiling", {"ceiling": 1.1, "spend": 5, "rate": 0.4}),
        ("x_ceiling", {"ceiling": float("nan"), "spend": 5, "rate": 0.4}),
        ("x_spend", {"ceiling": 0.4, "spend": 0, "rate": 0.2}),
        ("x_spend", {"ceiling": 0.4, "spend": float("inf"), "rate": 0.2}),
    ],
)
def test_points_that_cannot_be_are_refused(field: str, values: dict[str, float]) -> None:
    with pytest.raises(Infeasible) as caught:
        Response.through(**values, name="x")
    assert caught.value.field == field


def test_a_margin_of_nothing_and_endless_value_are_refused() -> None:
    always = Response.through(ceiling=1, spend=10, rate=0.4, name="x")
    for margin, discount, field in ((0, 0.1, "margin"), (50, -0.1, "discount"), (50, 0, "discount")):
        with pytest.raises(Infeasible) as caught:
            Calculus(margin, discount, always, always)
        assert caught.value.field == field
