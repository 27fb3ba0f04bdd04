"""The steps that judge ways of foretelling churn and that foretell it, over the facts of a session."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from analytics.churn import fitting, reasons
from analytics.churn.features import FEATURES, GROUPS
from analytics.churn.fitting import Judged, Sample
from analytics.churn.models import WAYS, Floats
from analytics.engine.session import Session

FITS, SCORES = "churn_fits", "churn_scores"
# The horizon is the 90th percentile of all gaps between purchases, within these bounds, in days.
SHORTEST, LONGEST = 14, 365
_HORIZON = """
SELECT MIN(CASE WHEN 10 * cumulative >= 9 * total THEN gap_days END) AS days, MAX(total) AS gaps
FROM gap_distribution WHERE number = 0
"""
_SQL = (Path(__file__).parent / "features.sql").read_text(encoding="utf-8")


def horizon_of(session: Session) -> int | None:
    """Days without a purchase that count as churn; None where there are fewer than 30 gaps."""
    (row,) = session.rows(f"({_HORIZON})")
    if row["days"] is None or row["gaps"] < 30:
        return None
    return int(min(max(row["days"], SHORTEST), LONGEST))


def run_fits(session: Session, parameters: Mapping[str, Any]) -> None:
    """Put `churn_fits`: every way with its errors out of time; one row without errors where data are too few."""
    horizon = horizon_of(session)
    message, found = "not enough data: fewer than 30 gaps between purchases", tuple[Judged, ...]()
    if horizon is not None:
        session.progress("Learning who churned")
        earlier, later = (_sample(session, parameters, horizon, back) for back in (2, 1))
        message = earlier.lacking or later.lacking or ""
        found = () if message else fitting.judge(earlier, later)
    rows = [_row(each, horizon) for each in found] or [_empty(horizon, message)]
    session.put(FITS, {name: np.array([row[name] for row in rows], dtype=kind) for name, kind in _COLUMNS.items()})


_COLUMNS: dict[str, Any] = {
    "name": object, "horizon_days": float, "customers": float, "churners": float, "auc": float, "brier": float,
    "log_loss": float, "curve": object, "chosen": bool, "message": object,
}  # fmt: skip


def _row(judged: Judged, horizon: int | None) -> dict[str, Any]:
    values = asdict(judged.errors)
    curve = json.dumps(values.pop("curve"))
    return {
        "name": judged.name,
        "horizon_days": horizon,
        "curve": curve,
        "chosen": judged.chosen,
        "message": "",
    } | values


def _empty(horizon: int | None, message: str) -> dict[str, Any]:
    nothing = dict.fromkeys(("customers", "churners", "auc", "brier", "log_loss"))
    return {"name": "none", "horizon_days": horizon, "curve": None, "chosen": False, "message": message} | nothing


def run(session: Session, parameters: Mapping[str, Any]) -> None:
    """Put `churn_scores`: the probability of every customer who has not lapsed already, with up to three reasons."""
    chosen = [row["name"] for row in session.rows(f"(SELECT name FROM {FITS} WHERE chosen)")]  # noqa: S608
    horizon = horizon_of(session)
    if not chosen or horizon is None:
        session.put_query(SCORES, _NOBODY)
        return
    learnt = _sample(session, parameters, horizon, 1)
    fitted = WAYS[chosen[0]](learnt.features, learnt.churned)
    now = _bound(parameters, horizon, 0)
    session.duck.execute(f"CREATE OR REPLACE TEMPORARY TABLE churn_features AS {_SQL}", now)
    columns = session.columns("SELECT * FROM churn_features ORDER BY contact_id")
    features = _matrix(columns)
    top = reasons.top_groups(fitted, features)
    scored = {
        "place": np.arange(1, len(features) + 1),
        "probability": np.round(fitted.probability(features), 4),
        **{f"reason_{n}": top[:, n] for n in range(reasons.TOLD)},
    }
    session.duck.register("churn_scored", scored)
    try:
        session.put_query(SCORES, _scores_sql(), {"horizon": horizon})
    finally:
        session.duck.unregister("churn_scored")
        session.duck.execute("DROP TABLE churn_features")


_NOBODY = """
SELECT CAST(NULL AS VARCHAR) AS contact_id, CAST(NULL AS DOUBLE) AS churn_probability,
  CAST(NULL AS VARCHAR) AS churn_reasons, CAST(NULL AS INT) AS churn_horizon_days
WHERE false
"""


def _scores_sql() -> str:
    """Rows of the features in their order beside what was found, with reasons in words."""
    told = [
        "CASE reason_{n} {cases} END".format(
            n=n, cases=" ".join(f"WHEN {place} THEN {group.words}" for place, group in enumerate(GROUPS))
        )
        for n in range(reasons.TOLD)
    ]
    return f"""
    SELECT f.contact_id, s.probability AS churn_probability,
      NULLIF(CONCAT_WS('; ', {", ".join(told)}), '') AS churn_reasons,
      CAST($horizon AS INT) AS churn_horizon_days
    FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY contact_id) AS place FROM churn_features) AS f
    JOIN churn_scored AS s ON s.place = f.place
    """  # noqa: S608 - made of our own words


def _bound(parameters: Mapping[str, Any], horizon: int, back: int) -> dict[str, Any]:
    """Parameters of features.sql as of so many horizons before the moment of the computation."""
    moment = datetime.fromisoformat(parameters["as_of"]) - timedelta(days=back * horizon)
    text = moment.strftime("%Y-%m-%d %H:%M:%S.%f")
    return {"moment": text, "horizon": horizon, "base_currency": parameters["base_currency"]}


def _sample(session: Session, parameters: Mapping[str, Any], horizon: int, back: int) -> Sample:
    columns = session.columns(_SQL, _bound(parameters, horizon, back))
    return Sample(_matrix(columns), np.ma.getdata(columns["churned"]).astype(bool))


def _matrix(columns: Mapping[str, Any]) -> Floats:
    """Customers x FEATURES; null becomes NaN."""
    listed: list[Floats] = [np.ma.filled(np.ma.asarray(columns[name], dtype=float), np.nan) for name in FEATURES]
    return np.column_stack(listed)
