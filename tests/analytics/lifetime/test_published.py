"""The figures published for the CDNOW sample (Fader, Hardie & Lee 2005; Fader & Hardie 2005, 2013), and further ones
computed from the same data by other programs."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.lifetime.beta_geometric import BgNbd, MbgNbd
from analytics.lifetime.fitting import fit_purchases, fit_spending
from analytics.lifetime.gamma_gamma import GammaGamma
from analytics.lifetime.histories import collapsed
from analytics.lifetime.holdout import table
from analytics.lifetime.pareto_nbd import ParetoNbd
from analytics.lifetime.purchases import PurchaseModel
from tests.analytics.lifetime import cdnow

BG = np.array([0.24259, 4.41353, 0.79289, 2.42575])
PARETO = np.array([0.5533, 10.578, 0.6062, 11.668])
FIGURES = [
    (BgNbd(), [0.24259, 4.41353, 0.79289, 2.42575], -9582.4256),
    (ParetoNbd(), [0.5533, 10.578, 0.6062, 11.668], -9594.974),
    (MbgNbd(), [0.52484, 6.18299, 0.89136, 1.61400], -9582.1327),
]


@pytest.mark.parametrize(
    ("model", "parameters", "log_likelihood"), FIGURES, ids=lambda value: getattr(value, "name", "")
)
def test_parameters_and_likelihood(model: PurchaseModel, parameters: list[float], log_likelihood: float) -> None:
    fit = fit_purchases(model, cdnow.summary().histories)
    assert fit.converged
    assert (fit.customers, fit.repeat_customers) == (2357, 946)
    assert fit.parameters == pytest.approx(parameters, rel=1e-3)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=0.01)


@pytest.mark.parametrize(
    ("model", "parameters", "log_likelihood"), FIGURES, ids=lambda value: getattr(value, "name", "")
)
def test_whole_days_from_the_transactions_give_the_same(
    model: PurchaseModel, parameters: list[float], log_likelihood: float
) -> None:
    """The published summary has its weeks rounded to two places; days / 7 have not."""
    fit = fit_purchases(model, cdnow.split()[0])
    assert fit.parameters == pytest.approx(parameters, rel=1e-3)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=0.01)


def test_expected_purchases_of_a_new_customer() -> None:
    found = BgNbd().expected(BG, np.array([0.1429, 1, 3, 31.8571, 32, 78]))
    assert found == pytest.approx([0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576], abs=0.001)


def test_what_one_history_foretells() -> None:
    one = collapsed(np.array([2.0]), np.array([30.43]), np.array([38.86]))
    assert BgNbd().conditional(BG, one, 39.0)[0] == pytest.approx(1.226, abs=0.001)
    assert BgNbd().active_probability(BG, one)[0] == pytest.approx(0.7266, abs=1e-4)
    busy = collapsed(np.array([26.0]), np.array([30.86]), np.array([31.0]))
    assert ParetoNbd().conditional(PARETO, busy, 52.0)[0] == pytest.approx(25.46, abs=0.01)
    assert ParetoNbd().active_probability(PARETO, busy)[0] == pytest.approx(0.9979, abs=1e-4)


def test_who_never_repeated_is_surely_active_to_the_bg_nbd_only() -> None:
    never = collapsed(np.zeros(1), np.zeros(1), np.array([38.86]))
    assert BgNbd().active_probability(BG, never)[0] == 1
    assert ParetoNbd().active_probability(PARETO, never)[0] < 0.7
    assert MbgNbd().active_probability(np.array(FIGURES[2][1]), never)[0] < 0.7


def test_gamma_gamma() -> None:
    data = cdnow.summary()
    fit = fit_spending(data.spending)
    assert fit.converged
    assert fit.customers == 946
    assert fit.parameters == pytest.approx([6.2488, 3.7446, 15.4477], rel=1e-3)
    assert fit.log_likelihood == pytest.approx(-4055.923, abs=0.01)
    assert GammaGamma().population_mean(fit.parameters) == pytest.approx(35.171, abs=0.001)
    some = [0, 1, 2, 5]
    means = GammaGamma().conditional_mean(fit.parameters, data.repeats[some], data.mean[some])
    assert means == pytest.approx([24.6586, 18.9115, 35.171, 71.4629], abs=0.001)


def test_the_holdout_by_repeats() -> None:
    histories, after = cdnow.split()
    models = (BgNbd(), ParetoNbd())
    foretold = {
        model.name: model.conditional(fit_purchases(model, histories).parameters, histories, cdnow.HOLDOUT_WEEKS)
        for model in models
    }
    rows = table(histories, after, foretold)
    assert [row["repeats"] for row in rows] == ["0", "1", "2", "3", "4", "5", "6", "7+"]
    assert [row["actual"] for row in rows] == pytest.approx(
        [0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359], abs=0.0006
    )
    assert [row["bg_nbd"] for row in rows] == pytest.approx(
        [0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157], abs=0.001
    )
    assert [row["pareto_nbd"] for row in rows] == pytest.approx(
        [0.138, 0.599, 1.196, 1.714, 2.398, 2.907, 3.819, 6.403], abs=0.001
    )
