"""Known parameters are found again, intervals hold, and where nothing can be found that is said."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.lifetime.beta_geometric import BgNbd, MbgNbd
from analytics.lifetime.fitting import fit_purchases, fit_spending
from analytics.lifetime.gamma_gamma import GammaGamma, Spending
from analytics.lifetime.histories import collapsed
from analytics.lifetime.holdout import chosen, errors, naive
from analytics.lifetime.intervals import LEVEL, bounds
from analytics.lifetime.names import NAIVE
from analytics.lifetime.pareto_nbd import ParetoNbd
from analytics.lifetime.purchases import PurchaseModel
from tests.analytics.lifetime.simulated import world

WORLDS = [
    (ParetoNbd(), [0.8, 6.0, 0.7, 10.0]),
    (BgNbd(), [0.6, 5.0, 0.8, 2.5]),
    (MbgNbd(), [0.9, 5.0, 0.6, 2.0]),
]
by_world = pytest.mark.parametrize(("model", "truth"), WORLDS, ids=lambda value: getattr(value, "name", ""))


@by_world
def test_parameters_are_recovered_within_their_standard_errors(model: PurchaseModel, truth: list[float]) -> None:
    fit = fit_purchases(model, world(model.name, truth, 12_000, 1.0).histories)
    assert fit.converged
    assert fit.standard_errors is not None
    assert np.all(np.abs(fit.parameters - truth) < 4 * fit.standard_errors)
    assert np.all(fit.standard_errors < 0.5 * np.array(truth))


@by_world
def test_intervals_hold_what_customers_bring(model: PurchaseModel, truth: list[float]) -> None:
    """At least LEVEL of the customers, and not nearly all of them; so also among those who are likely active."""
    seen = world(model.name, truth, 6_000, 52.0, seed=3)
    fit, spend = fit_purchases(model, seen.histories), fit_spending(seen.spending)
    active = model.active_probability(fit.parameters, seen.each)
    found = bounds(model, fit, spend, seen.each, active, 52.0)
    mean = GammaGamma().conditional_mean(spend.parameters, seen.repeats, np.where(seen.repeats > 0, seen.mean, 0))
    inside = (seen.value_after >= found.low * mean - 1e-9) & (seen.value_after <= found.high * mean + 1e-9)
    assert LEVEL - 0.015 < inside.mean() < 0.99
    likely = (active > 0.8) & (seen.repeats > 2)
    assert LEVEL - 0.04 < inside[likely].mean() < 0.97


def test_intervals_are_the_same_in_every_run() -> None:
    seen = world("pareto_nbd", [0.8, 6.0, 0.7, 10.0], 500, 1.0).each
    fit = fit_purchases(ParetoNbd(), seen)
    twice = [bounds(ParetoNbd(), fit, None, seen, np.full(len(seen), 0.5), 52.0) for _ in range(2)]
    assert np.array_equal(twice[0].high, twice[1].high)
    assert np.array_equal(twice[0].low, twice[1].low)


@by_world
def test_the_expectation_meets_what_happens(model: PurchaseModel, truth: list[float]) -> None:
    seen = world(model.name, truth, 12_000, 52.0, seed=8)
    fit = fit_purchases(model, seen.histories)
    foretold = model.conditional(fit.parameters, seen.each, 52.0)
    assert foretold.sum() == pytest.approx(seen.after.sum(), rel=0.06)
    found = {model.name: errors(foretold, seen.after, seen.each.weight),
             NAIVE: errors(naive(seen.each, 52.0), seen.after, seen.each.weight)}  # fmt: skip
    assert chosen(found) == model.name


@pytest.mark.parametrize("model", [ParetoNbd(), BgNbd(), MbgNbd()], ids=lambda model: model.name)
def test_nobody_came_back(model: PurchaseModel) -> None:
    never = collapsed(np.zeros(400), np.zeros(400), np.linspace(1, 52, 400))
    fit = fit_purchases(model, never)
    assert not fit.converged
    assert fit.standard_errors is None
    assert fit.message


@pytest.mark.parametrize("model", [ParetoNbd(), BgNbd(), MbgNbd()], ids=lambda model: model.name)
def test_everybody_alike(model: PurchaseModel) -> None:
    fit = fit_purchases(model, collapsed(np.full(400, 3.0), np.full(400, 20.0), np.full(400, 30.0)))
    assert not fit.converged
    assert np.isfinite(fit.log_likelihood)


def test_every_purchase_worth_the_same() -> None:
    fit = fit_spending(Spending(np.full(300, 4.0), np.full(300, 25.0), np.ones(300)))
    assert not fit.converged


def test_one_customer_only() -> None:
    fit = fit_purchases(ParetoNbd(), collapsed(np.array([2.0]), np.array([5.0]), np.array([9.0])))
    assert not fit.converged


def test_errors_by_hand() -> None:
    found = errors(np.array([1.0, 2.0, 0.0]), np.array([2.0, 2.0, 0.0]), np.array([1.0, 1.0, 2.0]))
    assert found.mae == pytest.approx(0.25)
    assert found.rmse == pytest.approx(0.5)
    assert found.total_error == pytest.approx(-0.25)
    assert found.gini == pytest.approx(1.0)
    same = errors(np.zeros(3), np.array([1.0, 0.0, 0.0]), np.ones(3))
    assert same.spearman is None
    assert same.gini == pytest.approx(0.0)
    assert errors(np.ones(2), np.zeros(2), np.ones(2)).total_error is None
