"""Why somebody may churn: by how much their log-odds would fall if a group of features were as usual (occlusion).

Zeiler & Fergus 2014 for images; here the reference of a feature is the median of all customers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.churn.features import FEATURES, GROUPS
from analytics.churn.models import Fitted, Floats

TOLD = 3
_ROWS_AT_ONCE = 100_000


def top_groups(fitted: Fitted, features: Floats) -> NDArray[np.int8]:
    """By row the numbers of up to TOLD groups that raise the odds most, the first most; -1 where there are fewer."""
    found = np.full((len(features), TOLD), -1, dtype=np.int8)
    if len(features) == 0 or fitted.log_odds(features[:1]) is None:
        return found
    usual = np.array([_median(column) for column in features.T])
    for first in range(0, len(features), _ROWS_AT_ONCE):
        part = features[first : first + _ROWS_AT_ONCE]
        effects = _effects(fitted, part, usual)
        order = np.argsort(-effects, axis=1, kind="stable")[:, :TOLD]
        raised = np.take_along_axis(effects, order, axis=1) > 0.05
        found[first : first + len(part)] = np.where(raised, order, -1)
    return found


def _median(column: Floats) -> float:
    known = column[~np.isnan(column)]
    return float(np.median(known)) if len(known) else float("nan")


def _effects(fitted: Fitted, part: Floats, usual: Floats) -> Floats:
    effects = np.zeros((len(part), len(GROUPS)))
    whole = fitted.log_odds(part)
    if whole is None:
        return effects
    for number, group in enumerate(GROUPS):
        places = [FEATURES.index(name) for name in group.features]
        changed = part.copy()
        changed[:, places] = usual[places]
        without = fitted.log_odds(changed)
        effects[:, number] = 0 if without is None else whole - without
    # Where a feature is unknown, or as usual, it is no reason.
    return effects
