"""The step `lifetime_models`: every method compared on a holdout, then those that are used fitted to everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from analytics.lifetime import reading, wire
from analytics.lifetime.comparison import MODELS, PURCHASES, SPENDING, Candidate, Observed, compare
from analytics.lifetime.names import EMPIRICAL, MBG_NBD, PARETO_NBD

NAME = "lifetime_models"
# The fits that errors were measured with, and those that scores come from.
HOLDOUT, ALL = "holdout", "all"
COLUMNS = ("phase", "place", "calibration_from", "calibration_end", "holdout_end", "horizon_days", "basis", "detail")


def run(session: Any, parameters: Mapping[str, Any]) -> None:
    """Compare on the last third of the time, choose, and fit again up to as_of."""
    rows = [*_rows(session.columns, parameters["expected_days"])]
    session.put(NAME, {name: np.array([row[name] for row in rows], dtype=object) for name in COLUMNS}, _TYPES)


_TYPES = {
    "phase": "VARCHAR", "place": "INTEGER", "calibration_from": "DATE", "calibration_end": "DATE",
    "holdout_end": "DATE", "horizon_days": "INTEGER", "basis": "VARCHAR", "detail": "VARCHAR",
}  # fmt: skip


def _rows(columns: reading.Columns, horizon_days: int) -> list[dict[str, Any]]:
    between = reading.period(columns)
    if between is None:
        return []
    basis = reading.basis(columns)
    observed = reading.calibration(columns, basis, between)
    horizon = horizon_days / reading.WEEK
    compared = compare(observed, horizon=horizon) if observed is not None else []
    final = _final(columns, basis, compared, horizon)
    shared = {"calibration_from": between.calibration_from.isoformat(), "horizon_days": horizon_days}
    shared["basis"] = basis.name
    middle, last = between.calibration_end.isoformat(), between.holdout_end.isoformat()
    spans = {HOLDOUT: (compared, middle, last), ALL: (final, last, None)}
    return [
        {"phase": phase, "place": place, "calibration_end": end, "holdout_end": after, **shared}
        | {"detail": wire.dumped(each)}
        for phase, (candidates, end, after) in spans.items()
        for place, each in enumerate(candidates)
    ]


def _final(
    columns: reading.Columns, basis: reading.Basis, compared: Sequence[Candidate], horizon: float
) -> list[Candidate]:
    """Fitted to all: the chosen method, and the one that says who is active; rates so far where nothing fits."""
    chosen = [each.name for each in compared if each.kind == PURCHASES and each.chosen]
    activity = _activity(compared)
    wanted = [name for name in dict.fromkeys((*chosen, activity)) if name in MODELS]
    histories = reading.everything(columns)
    observed = Observed(histories, spending=reading.spending(columns, basis))
    found = compare(observed, [*wanted, SPENDING], horizon)
    if not histories.repeat_customers:
        return found
    usable = {each.name for each in found if each.converged}
    best = chosen[0] if chosen and chosen[0] in usable else EMPIRICAL
    return [replace(each, chosen=each.name == best) if each.kind == PURCHASES else each for each in found]


def _activity(compared: Sequence[Candidate]) -> str:
    """Of the models that know who stops without ever coming back, the one that errs least."""
    able = [each for each in compared if each.name in (PARETO_NBD, MBG_NBD) and each.converged and each.errors]
    return min(able, key=lambda each: each.errors.rmse if each.errors else 0.0).name if able else PARETO_NBD
