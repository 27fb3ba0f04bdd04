"""Candidates as JSON and back: how one step hands what it fitted to the next, and to what keeps it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import numpy as np

from analytics.lifetime.comparison import Candidate
from analytics.lifetime.fitting import Fit
from analytics.lifetime.holdout import Errors


def dumped(candidate: Candidate) -> str:
    """As JSON, with every digit."""
    values = asdict(candidate)
    if candidate.fit is not None:
        covariance = candidate.fit.covariance
        values["fit"]["parameters"] = candidate.fit.parameters.tolist()
        values["fit"]["covariance"] = None if covariance is None else covariance.tolist()
    return json.dumps(values, sort_keys=True)


def loaded(text: str) -> Candidate:
    """What was dumped."""
    values: dict[str, Any] = json.loads(text)
    fit, errors = values.pop("fit"), values.pop("errors")
    if fit is not None:
        fit["names"] = tuple(fit["names"])
        fit["parameters"] = np.array(fit["parameters"], dtype=float)
        fit["covariance"] = None if fit["covariance"] is None else np.array(fit["covariance"], dtype=float)
    curve = [(at, count) for at, count in values.pop("curve")]
    return Candidate(
        fit=None if fit is None else Fit(**fit),
        errors=None if errors is None else Errors(**errors),
        curve=curve,
        **values,
    )
