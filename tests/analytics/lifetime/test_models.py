"""Likelihoods and expectations against slow, obvious computations: integrals over the customers' hidden traits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betaln, gammaln

from analytics.lifetime.beta_geometric import BgNbd, MbgNbd
from analytics.lifetime.gamma_gamma import GammaGamma, Spending
from analytics.lifetime.histories import Histories, collapsed
from analytics.lifetime.hypergeometric import log_gauss
from analytics.lifetime.pareto_nbd import ParetoNbd
from analytics.lifetime.purchases import PurchaseModel

MODELS: list[PurchaseModel] = [BgNbd(), MbgNbd(), ParetoNbd()]
by_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
positive = st.floats(0.1, 20.0)
parameters = st.tuples(positive, positive, positive, positive).map(np.array)
histories = st.builds(
    lambda x, share, age: (float(x), share * age if x else 0.0, age),
    st.integers(0, 25), st.floats(0.01, 1.0), st.floats(0.1, 120.0),
)  # fmt: skip


def one(x: float, recency: float, age: float) -> Histories:
    return collapsed(np.array([x]), np.array([recency]), np.array([age]))


def plain_log_likelihood(model: PurchaseModel, theta: np.ndarray, x: float, recency: float, age: float) -> float:
    """The rate integrated out by hand (a gamma), the moment or the chance of stopping by quadrature or term by term."""
    r, alpha, third, fourth = theta
    buying = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    if isinstance(model, ParetoNbd):
        s, beta = third, fourth
        lasting = (age + beta) ** -s * beta**s * np.exp(buying - (r + x) * np.log(alpha + age))
        scale = (recency + alpha) ** -(r + x)

        def stopping(y: float) -> float:
            return float(s * beta**s * (beta + y) ** -(s + 1) * ((alpha + y) / (alpha + recency)) ** -(r + x))

        stopped = quad(stopping, recency, age, epsabs=0, epsrel=1e-11, limit=500)[0] * scale * np.exp(buying)
        return float(np.log(lasting + stopped))
    a, b, first = third, fourth, model.first  # type: ignore[attr-defined]
    staying = np.exp(betaln(a, b + x + first) - betaln(a, b) + buying - (r + x) * np.log(alpha + age))
    stopped = 0.0
    if x + first > 0:
        stopped = np.exp(betaln(a + 1, b + x + first - 1) - betaln(a, b) + buying - (r + x) * np.log(alpha + recency))
    return float(np.log(staying + stopped))


@by_model
@settings(max_examples=60, deadline=None)
@given(theta=parameters, history=histories)
def test_the_likelihood_is_the_integral(
    model: PurchaseModel, theta: np.ndarray, history: tuple[float, float, float]
) -> None:
    found, _ = model.log_likelihood(theta, one(*history))
    assert found == pytest.approx(plain_log_likelihood(model, theta, *history), rel=1e-7, abs=1e-7)


@by_model
@settings(max_examples=40, deadline=None)
@given(theta=parameters, history=histories)
def test_the_gradient_is_that_of_the_likelihood(
    model: PurchaseModel, theta: np.ndarray, history: tuple[float, float, float]
) -> None:
    data = one(*history)
    _, gradient = model.log_likelihood(theta, data)
    for index in range(len(theta)):
        step = np.zeros(len(theta))
        step[index] = 1e-5 * theta[index]
        above, below = (model.log_likelihood(theta + side * step, data)[0] for side in (1, -1))
        assert gradient[index] == pytest.approx((above - below) / (2 * step[index]), rel=1e-4, abs=1e-5)


@by_model
def test_extremes_stay_finite(model: PurchaseModel) -> None:
    data = collapsed(
        np.array([500.0, 500.0, 0.0, 0.0, 3.0, 2000.0]),
        np.array([0.2, 700.0, 0.0, 0.0, 1e-3, 51.9]),
        np.array([0.3, 700.0, 1e-4, 2000.0, 900.0, 52.0]),
    )
    for theta in ([0.5, 10.0, 0.6, 12.0], [1e-3, 1e-3, 1e-3, 1e3], [50.0, 0.01, 20.0, 0.01], [0.01, 3e3, 5.0, 1e-3]):
        value, gradient = model.log_likelihood(np.array(theta), data)
        active = model.active_probability(np.array(theta), data)
        assert np.isfinite(value)
        assert np.all(np.isfinite(gradient))
        assert np.all((active >= 0) & (active <= 1))
        assert np.all(np.isfinite(model.conditional(np.array(theta), data, 52.0)))


@settings(max_examples=60, deadline=None)
@given(b=st.floats(0.05, 60.0), more=st.floats(0.05, 30.0), log_ratio=st.floats(-5.0, 3.0))
def test_the_hypergeometric_function_is_its_series(b: float, more: float, log_ratio: float) -> None:
    """Term by term; below 0 after Pfaff's transformation, so that all terms are positive."""
    c, z = b + more + 1.0, 1 - np.exp(log_ratio)
    found = log_gauss(np.array([b]), np.array([c]), np.array([z])).value[0]
    over, ratio, factor = (b, z, 0.0) if z >= 0 else (c - b, z / (z - 1), -np.log1p(-z))
    term = total = 1.0
    n = 0
    while term > 1e-17 * total:
        term *= (over + n) / (c + n) * ratio
        total += term
        n += 1
    assert found == pytest.approx(np.log(total) + factor, rel=1e-9, abs=1e-10)


@pytest.mark.parametrize("a", [0.3, 1.0, 1.7])
@pytest.mark.parametrize(("x", "age", "weeks"), [(0.0, 0.0, 52.0), (3.0, 20.0, 156.0), (40.0, 100.0, 52.0)])
def test_purchases_ahead_are_the_integral_over_the_chance_to_stop(a: float, x: float, age: float, weeks: float) -> None:
    r, alpha, b = 0.4, 3.0, 2.2
    normal = betaln(a, b + x)

    def inner(u: float) -> float:
        # p = u^(1/a) takes away the singularity of the beta at 0.
        p = u ** (1 / a)
        value = -np.expm1(-(r + x) * np.log1p(p * weeks / (alpha + age))) / p if p > 1e-12 else 0.0
        return float(value * (1 - p) ** (b + x - 1) * np.exp(-normal) / a)

    expected = quad(inner, 0, 1, epsabs=0, epsrel=1e-10, limit=500)[0]
    theta = np.array([r, alpha, a, b])
    found = BgNbd().ahead(theta, np.array([x]), np.array([age]), np.array([weeks]))[0, 0]
    assert found == pytest.approx(expected, rel=1e-6)


@by_model
def test_what_was_drawn_averages_to_what_is_expected(model: PurchaseModel) -> None:
    theta = np.array([0.8, 6.0, 1.4, 3.0])
    random = np.random.default_rng(5)
    for x, age in ((0.0, 0.0), (4.0, 20.0)):
        drawn = model.drawn(np.tile(theta, (200_000, 1)), x, age, 52.0, random)
        expected = model.ahead(theta, np.array([x]), np.array([age]), np.array([52.0]))[0, 0]
        assert drawn.mean() == pytest.approx(expected, rel=0.02)


@by_model
@pytest.mark.parametrize("s", [0.6, 1.0, 2.5])
def test_discounting_is_the_sum_over_short_periods(model: PurchaseModel, s: float) -> None:
    theta, x, age = np.array([0.6, 8.0, s, 9.0]), np.array([2.0]), np.array([30.0])
    rate, edges = 0.0018, np.linspace(0, 156, 3121)
    ahead = model.ahead(theta, x, age, edges)[0]
    expected = np.sum(np.diff(ahead) * np.exp(-rate * (edges[1:] + edges[:-1]) / 2))
    assert model.discounted(theta, x, age, 156.0, rate)[0] == pytest.approx(expected, rel=1e-5)
    assert model.discounted(theta, x, age, 156.0, 0.0)[0] == pytest.approx(ahead[-1], rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(theta=st.tuples(positive, positive, positive).map(np.array), x=st.integers(1, 60), mean=st.floats(0.01, 1e5))
def test_the_gamma_gamma_is_the_integral(theta: np.ndarray, x: int, mean: float) -> None:
    """Over nu, by quadrature on its logarithm about the peak."""
    p, q, v = theta
    total = v + x * mean
    peak = np.log((p * x + q) / total)

    def density(log_nu: float) -> float:
        nu = np.exp(log_nu)
        value = p * x * (np.log(nu) + np.log(x)) + (p * x - 1) * np.log(mean) - gammaln(p * x) - nu * x * mean
        return float(value + q * np.log(v) + q * np.log(nu) - gammaln(q) - v * nu)

    top = density(peak)
    width = 12 / np.sqrt(p * x + q) + 12 / (p * x + q)
    area = quad(lambda at: np.exp(density(at) - top), peak - width, peak + width, epsrel=1e-10, limit=500)[0]
    found, gradient = GammaGamma().log_likelihood(theta, Spending(np.array([float(x)]), np.array([mean]), np.ones(1)))
    assert found == pytest.approx(top + np.log(area), rel=1e-5, abs=1e-5)
    for index in range(3):
        step = np.zeros(3)
        step[index] = 1e-5 * theta[index]
        values = [
            GammaGamma().log_likelihood(
                theta + side * step, Spending(np.array([float(x)]), np.array([mean]), np.ones(1))
            )[0]
            for side in (1, -1)
        ]
        assert gradient[index] == pytest.approx((values[0] - values[1]) / (2 * step[index]), rel=1e-3, abs=1e-3)


def test_collapsing_keeps_every_customer() -> None:
    random = np.random.default_rng(2)
    x = random.integers(0, 4, 500).astype(float)
    age = random.integers(5, 8, 500) / 7
    recency = np.where(x > 0, random.integers(1, 5, 500) / 7, 0.0)
    data = collapsed(x, recency, age)
    assert data.customers == 500
    plain: dict[tuple[float, float, float], int] = {}
    for row in zip(x, recency, age, strict=True):
        plain[row] = plain.get(row, 0) + 1
    found = dict(zip(zip(data.repeats, data.recency, data.age, strict=True), data.weight, strict=True))
    assert found == plain


@pytest.mark.parametrize(("x", "recency", "age"), [(-1.0, 0.0, 1.0), (1.0, 2.0, 1.0), (0.0, 0.0, np.nan)])
def test_what_cannot_be_is_refused(x: float, recency: float, age: float) -> None:
    with pytest.raises(ValueError, match="history"):
        Histories(np.array([x]), np.array([recency]), np.array([age]), np.ones(1))
