"""The ways of foretelling churn: the overall rate, logistic regression, gradient boosting; each calibrated, seeded.

One thread, because sums of several threads differ from run to run in the last digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from threadpoolctl import threadpool_limits

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
SEED = 0
LEARNT_FROM = 200_000
# Isotonic calibration needs many of both outcomes; with fewer Platt's sigmoid is used (Niculescu-Mizil & Caruana 2005).
ISOTONIC_FROM = 1_000
# A feature that is known of fewer customers is left out of trees, which cannot be grown on nothing.
KNOWN = 50


class Fitted(Protocol):
    """A way that has learnt."""

    def probability(self, features: Floats) -> Floats:
        """Of churn, for each row."""

    def log_odds(self, features: Floats) -> Floats | None:
        """Before calibration: what reasons are taken from; None where there are none."""


@dataclass(frozen=True)
class BaseRate:
    """The same for everybody."""

    rate: float

    def probability(self, features: Floats) -> Floats:
        """The overall rate."""
        return np.full(len(features), self.rate)

    def log_odds(self, features: Floats) -> None:
        """No reasons."""
        return


@dataclass(frozen=True)
class Calibrated:
    """A classifier and its calibration, which is learnt on predictions for folds that the classifier had not seen."""

    classifier: CalibratedClassifierCV

    def probability(self, features: Floats) -> Floats:
        """Calibrated."""
        with threadpool_limits(1):
            found: Floats = self.classifier.predict_proba(features)[:, 1]
        return found

    def log_odds(self, features: Floats) -> Floats:
        """Of the classifier itself."""
        with threadpool_limits(1):
            found: Floats = self.classifier.calibrated_classifiers_[0].estimator.decision_function(features)
        return found


def base_rate(features: Floats, churned: Bools) -> Fitted:
    """The share of churners."""
    return BaseRate(float(np.mean(churned)))


def logistic(features: Floats, churned: Bools) -> Fitted:
    """Logistic regression on logarithms, what is missing at its median and said to be missing."""
    return _calibrated(
        make_pipeline(
            SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
            FunctionTransformer(_signed_log),
            StandardScaler(),
            LogisticRegression(max_iter=1000),
        ),
        features,
        churned,
    )


def boosting(features: Floats, churned: Bools) -> Fitted:
    """Gradient boosting of small trees over binned features (as LightGBM: Ke et al. 2017)."""
    known = np.flatnonzero((~np.isnan(features)).sum(axis=0) >= KNOWN)
    if len(known) == 0:
        return base_rate(features, churned)
    trees = HistGradientBoostingClassifier(
        max_iter=120, learning_rate=0.05, max_leaf_nodes=12, min_samples_leaf=40, l2_regularization=1.0,
        early_stopping=False, random_state=SEED,
    )  # fmt: skip
    return _calibrated(make_pipeline(FunctionTransformer(_picked, kw_args={"known": known}), trees), features, churned)


def _picked(values: Floats, known: NDArray[np.int64]) -> Floats:
    found: Floats = values[:, known]
    return found


def _signed_log(values: Floats) -> Floats:
    found: Floats = np.sign(values) * np.log1p(np.abs(values))
    return found


def _calibrated(estimator: Any, features: Floats, churned: Bools) -> Fitted:
    if len(features) > LEARNT_FROM:
        drawn = np.sort(np.random.default_rng(SEED).choice(len(features), LEARNT_FROM, replace=False))
        features, churned = features[drawn], churned[drawn]
    rarer = min(int(churned.sum()), int((~churned).sum()))
    method = "isotonic" if rarer >= ISOTONIC_FROM else "sigmoid"
    folds = StratifiedKFold(n_splits=5, shuffle=True, random_state=SEED)
    with threadpool_limits(1):
        return Calibrated(
            CalibratedClassifierCV(estimator, method=method, cv=folds, ensemble=False).fit(features, churned)
        )


# From the simplest; a later one is used only where it is plainly better.
WAYS: dict[str, Callable[[Floats, Bools], Fitted]] = {
    "base_rate": base_rate,
    "logistic": logistic,
    "gradient_boosting": boosting,
}
