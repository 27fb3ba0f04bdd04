"""The step `lifetime_values`: what each contact is still worth, scored by distinct histories and joined to contacts."""

# ruff: noqa: S608 - the SQL is made of our own names and of numbers

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from analytics.lifetime import empirical, models_step, reading, wire
from analytics.lifetime.comparison import MODELS, SPENDING, Candidate
from analytics.lifetime.histories import Histories
from analytics.lifetime.names import EMPIRICAL, MBG_NBD, PARETO_NBD
from analytics.lifetime.scoring import Scores, Terms, score, score_empirically

NAME = "lifetime_values"
SQL = Path(__file__).parent / f"{NAME}.sql"
YEAR = 365.25
# Whoever first bought so recently has no history yet, and is taken to be like others of the group.
COLD_START_DAYS = 14
# Averages of groups are drawn to the whole by as much as this many purchases (or contacts) weigh.
GROUP_PRIOR = 20


def run(session: Any, parameters: Mapping[str, Any]) -> None:
    """Score the distinct histories, and give every contact its row; nulls where there is not enough data."""
    histories = reading.everything(session.columns)
    basis = reading.basis(session.columns)
    fitted = _fitted(session)
    terms = Terms(
        horizon=parameters["expected_days"] / reading.WEEK,
        value_weeks=parameters["lifetime_days"] / reading.WEEK,
        rate=math.log1p(float(parameters["discount_rate"])) / (YEAR / reading.WEEK),
    )
    method, scores, newcomer = _scored(histories, fitted, terms)
    bound = {"as_of": parameters["as_of"], "cold_days": COLD_START_DAYS, "prior": GROUP_PRIOR, "method": method}
    sql = SQL.read_text(encoding="utf-8").format(value=basis.value("h."), mean=_mean(fitted))
    with _shown(session.duck, histories, scores, newcomer):
        session.put_query(NAME, sql, bound | {"basis": basis.name})


def _fitted(session: Any) -> dict[str, Candidate]:
    rows = session.columns(f"SELECT detail FROM {models_step.NAME} WHERE phase = '{models_step.ALL}' ORDER BY place")
    found = [wire.loaded(text) for text in rows["detail"]]
    return {each.name: each for each in found}


def _scored(histories: Histories, fitted: Mapping[str, Candidate], terms: Terms) -> tuple[str | None, Scores, Scores]:
    """The method, the scores of all histories, and those of somebody who first buys now, by age looked back from.

    Of a newcomer `expected` is, by distinct age, what the whole foretells of that many days: what groups are held to.
    """
    ages = np.unique(histories.age)
    spend = _spend(fitted)
    chosen = next((each for each in fitted.values() if each.chosen and each.name != SPENDING), None)
    now = Histories(np.zeros(1), np.zeros(1), np.zeros(1), np.ones(1))
    if chosen is not None and chosen.fit is not None and chosen.converged:
        able = [fitted[name] for name in (PARETO_NBD, MBG_NBD) if name in fitted and fitted[name].converged]
        activity = chosen if chosen in able else (able[0] if able else None)
        who = activity.fit if activity is not None else None
        fresh = score(now, chosen.fit, who, spend, terms)
        expected = MODELS[chosen.name].expected(chosen.fit.parameters, np.append(ages, terms.horizon))
        return chosen.name, score(histories, chosen.fit, who, spend, terms), _by_age(fresh, expected)
    pace = empirical.rate(histories) if len(histories) else None
    if pace is None:
        nothing = np.full(len(histories), np.nan)
        return (
            None,
            Scores(*([nothing] * 6)),
            _by_age(Scores(*([np.full(1, np.nan)] * 6)), np.full(len(ages) + 1, np.nan)),
        )
    fresh = score_empirically(now, pace, terms)
    return EMPIRICAL, score_empirically(histories, pace, terms), _by_age(fresh, pace * np.append(ages, terms.horizon))


def _by_age(fresh: Scores, expected: np.ndarray[Any, Any]) -> Scores:
    """One line an age; what else is known of a newcomer is the same on each."""
    return Scores(
        **{each.name: np.full(len(expected), getattr(fresh, each.name)[0]) for each in fields(Scores)}
        | {"expected": expected}
    )


def _spend(fitted: Mapping[str, Candidate]) -> Any:
    found = fitted.get(SPENDING)
    return found.fit if found is not None and found.chosen else None


def _mean(fitted: Mapping[str, Candidate]) -> str:
    """SQL of what a purchase of each is worth on average: by the Gamma-Gamma, or their own mean drawn to the usual."""
    fit = _spend(fitted)
    if fit is not None:
        p, q, v = (float(each) for each in fit.parameters)
        return f"{p:.17e} * ({v:.17e} + CAST(repeat_total AS DOUBLE)) / ({p:.17e} * valued_repeats + {q - 1:.17e})"
    return "(CAST(repeat_total AS DOUBLE) + w.usual) / (valued_repeats + 1)"


@contextmanager
def _shown(duck: Any, histories: Histories, scores: Scores, newcomer: Scores) -> Iterator[None]:
    """The scores as tables `lifetime_scores` and `lifetime_newcomers` while this lasts."""
    days = {name: np.rint(getattr(histories, name) * reading.WEEK).astype(np.int64) for name in ("recency", "age")}
    keys = {"repeats": histories.repeats.astype(np.int64), **days}
    tables = {
        "lifetime_scores": keys | {each.name: getattr(scores, each.name) for each in fields(Scores)},
        "lifetime_newcomers": {"age": np.append(np.unique(days["age"]), -1)}
        | {each.name: getattr(newcomer, each.name) for each in fields(Scores)},
    }
    for name, columns in tables.items():
        duck.register(f"{name}_given", columns)
        listed = ", ".join(
            f"CASE WHEN isnan({each}) THEN NULL ELSE {each} END AS {each}" if array.dtype.kind == "f" else each
            for each, array in columns.items()
        )
        duck.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {listed} FROM {name}_given")
        duck.unregister(f"{name}_given")
    yield
    for name in tables:
        duck.execute(f"DROP TABLE {name}")
