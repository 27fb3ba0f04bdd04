"""Churn on simulated customers: what is planted is found, what is not there is not made up."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.churn import evaluation, fitting, models, reasons
from analytics.churn.features import FEATURES, GROUPS
from analytics.churn.fitting import Sample

COLUMNS = {name: place for place, name in enumerate(FEATURES)}


def _sample(seed: int, *, planted: str = "line", count: int = 3000) -> Sample:
    """Random features. line: who bought long ago churns; corner: only with few products too; shuffled: anybody does."""
    dice = np.random.default_rng(seed)
    features = dice.gamma(2, 10, size=(count, len(FEATURES)))
    features[dice.random(features.shape) < 0.05] = np.nan
    late = np.nan_to_num(features[:, COLUMNS["recency_days"]], nan=20) > 20
    few = np.nan_to_num(features[:, COLUMNS["products"]], nan=20) > 20
    odds = {"line": late, "corner": late ^ few, "shuffled": dice.random(count) < 0.4}[planted]
    return Sample(features, dice.random(count) < np.where(odds, 0.7, 0.15))


def test_a_planted_signal_is_found_and_calibrated() -> None:
    judged = {each.name: each for each in fitting.judge(_sample(1), _sample(2))}
    assert not judged["base_rate"].chosen
    (best,) = [each for each in judged.values() if each.chosen]
    assert best.errors.auc > 0.75
    assert best.errors.brier < judged["base_rate"].errors.brier - 0.03
    assert all(abs(tenth.foretold - tenth.churned) < 0.12 for tenth in best.errors.curve)


def test_boosting_is_chosen_where_lines_do_not_tell() -> None:
    judged = {each.name: each for each in fitting.judge(_sample(3, planted="corner"), _sample(4, planted="corner"))}
    assert judged["gradient_boosting"].chosen
    assert judged["gradient_boosting"].errors.auc > judged["logistic"].errors.auc + 0.1


@pytest.mark.parametrize("seed", [5, 6, 7])
def test_shuffled_labels_choose_the_base_rate(seed: int) -> None:
    found = fitting.judge(_sample(seed, planted="shuffled"), _sample(seed + 100, planted="shuffled"))
    judged = {each.name: each for each in found}
    assert judged["base_rate"].chosen
    assert judged["gradient_boosting"].errors.auc == pytest.approx(0.5, abs=0.05)


def test_the_same_data_give_the_same_bits() -> None:
    sample = _sample(8)
    one, other = (models.boosting(sample.features, sample.churned).probability(sample.features) for _ in range(2))
    assert one.tobytes() == other.tobytes()


def test_the_reason_is_what_was_planted() -> None:
    sample = _sample(9)
    fitted = models.boosting(sample.features, sample.churned)
    top = reasons.top_groups(fitted, sample.features)
    late = sample.features[:, COLUMNS["recency_days"]] > 25
    assert np.mean([GROUPS[place].name == "recency" for place in top[late, 0]]) > 0.9
    # Who bought lately has no such reason to speak of.
    soon = sample.features[:, COLUMNS["recency_days"]] < 15
    assert np.mean(top[soon, 0] == 0) < 0.1


def test_the_base_rate_has_no_reasons() -> None:
    sample = _sample(10)
    assert (reasons.top_groups(models.base_rate(sample.features, sample.churned), sample.features) == -1).all()


def test_errors_by_hand() -> None:
    found = evaluation.errors(np.array([0.1, 0.4, 0.4, 0.8]), np.array([False, False, True, True]))
    # Of the four pairs three are ranked rightly and one is tied.
    assert found.auc == 3.5 / 4
    assert found.brier == pytest.approx((0.01 + 0.16 + 0.36 + 0.04) / 4)
    assert found.log_loss == pytest.approx(-np.log([0.9, 0.6, 0.4, 0.8]).mean())


def test_too_few_customers_or_of_one_outcome_are_said() -> None:
    features = np.zeros((fitting.CUSTOMERS, len(FEATURES)))
    few = Sample(features[:10], np.zeros(10, dtype=bool))
    assert few.lacking == "not enough data: 10 customers at a cut, at least 200 are needed"
    stayed = Sample(features, np.zeros(len(features), dtype=bool))
    assert stayed.lacking is not None
    assert "0 of 200 customers churned" in stayed.lacking


def test_all_customers_alike_are_no_error() -> None:
    churned = np.arange(400) % 2 == 0
    alike = Sample(np.full((400, len(FEATURES)), np.nan), churned)
    (best,) = [each for each in fitting.judge(alike, alike) if each.chosen]
    assert best.name == "base_rate"
