"""The step `attribution`: every model, for every key, for every meaning of conversion, from the journeys."""

# ruff: noqa: S608 - the SQL is made of names declared here, never of input

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.attribution import markov, rules
from analytics.attribution.apportioning import apportioned
from analytics.attribution.journeys import Floats, Integers, Journeys
from analytics.attribution.names import CONVERSIONS, KEYS, MODELS

if TYPE_CHECKING:
    from analytics.engine.session import Session

# Keys beyond the most frequent are one: a chain of thousands of states tells nothing about any of them.
MOST_KEYS = 200
_CREDITS, _CENTS = 1_000_000, 100
_CODE = "attribution_codes_{by}"

Row = dict[str, Any]


def run(session: Session, parameters: Mapping[str, Any]) -> None:
    """Put one row per meaning of conversion, kind of key and key."""
    rows = [row for conversion in CONVERSIONS for row in _rows(session, conversion)]
    names = list(rows[0]) if rows else list(_row_of({}, "", "", 0, {}))
    columns = {name: np.array([row[name] for row in rows], dtype=object) for name in names}
    session.put("attribution", columns, types=_types(names))


def _types(names: list[str]) -> dict[str, str]:
    kinds = {
        "conversion": "VARCHAR",
        "dimension": "VARCHAR",
        "key": "VARCHAR",
        "kind": "VARCHAR",
        "removal_effect": "DOUBLE",
    }
    for name in names:
        if name.startswith("credit_"):
            kinds[name] = "DECIMAL(18, 6)"
        elif name == "cost" or name.startswith(("revenue_", "margin_")):
            kinds[name] = "DECIMAL(18, 2)"
    return {name: kinds.get(name, "BIGINT") for name in names}


def _rows(session: Session, conversion: str) -> list[Row]:
    keys = {by: _keys(session, conversion, by, column) for by, column in KEYS.items()}
    touches = _touches(session, conversion)
    first = np.flatnonzero(touches["begins"])
    values = {name: _money(touches[name][first]) for name in ("revenue", "margin")}
    converted = touches["converted"][first].astype(bool)
    found: list[Row] = []
    for by, listed in keys.items():
        journeys = Journeys(
            keys=max(len(listed["touches"]), 1),
            codes=touches[f"code_{by}"].astype(np.int64),
            ages=touches["age"].astype(np.float64),
            first=first,
            converted=converted,
        )
        results = _credited(journeys, values)
        found += [_row_of(listed, conversion, by, at, results) for at in range(len(listed["touches"]))]
    return found


def _keys(session: Session, conversion: str, by: str, column: str) -> dict[str, Any]:
    """The keys with their touches and cost, the most frequent first; leaves a table from key to code behind."""
    table = _CODE.format(by=by)
    session.duck.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT name, "
        f"CAST(LEAST(ROW_NUMBER() OVER (ORDER BY touches DESC, name NULLS LAST) - 1, {MOST_KEYS}) AS BIGINT) AS code, "
        "touches, cents, unknown, foreign_currency FROM ("
        f"SELECT {column} AS name, COUNT(*) AS touches, CAST(SUM(cost) * 100 AS BIGINT) AS cents, "
        "COUNT(CASE WHEN cost_status = 'unknown' THEN 1 END) AS unknown, "
        "COUNT(CASE WHEN cost_status = 'other_currency' THEN 1 END) AS foreign_currency "
        "FROM attribution_touches WHERE conversion = $conversion GROUP BY 1) AS counted",
        {"conversion": conversion},
    )
    return session.columns(
        f"SELECT code, CASE WHEN code < {MOST_KEYS} THEN MIN(name) END AS name, "
        "CAST(SUM(touches) AS BIGINT) AS touches, CAST(SUM(cents) AS BIGINT) AS cents, "
        "CAST(SUM(unknown) AS BIGINT) AS unknown, "
        f"CAST(SUM(foreign_currency) AS BIGINT) AS foreign_currency FROM {table} GROUP BY code ORDER BY code"
    )


def _touches(session: Session, conversion: str) -> dict[str, Any]:
    joins = " ".join(
        f"JOIN {_CODE.format(by=by)} AS k_{by} ON k_{by}.name IS NOT DISTINCT FROM j.{column}"
        for by, column in KEYS.items()
    )
    codes = ", ".join(f"k_{by}.code AS code_{by}" for by in KEYS)
    return session.columns(
        "SELECT j.place = 1 AS begins, j.order_id IS NOT NULL AS converted, "
        "COALESCE(j.seconds, 0) / CAST(86400 AS DOUBLE) AS age, CAST(j.revenue * 100 AS BIGINT) AS revenue, "
        f"CAST(j.margin * 100 AS BIGINT) AS margin, {codes} FROM attribution_journeys AS j {joins} "
        "WHERE j.conversion = $conversion ORDER BY j.contact_id, j.order_id, j.journey, j.place",
        {"conversion": conversion},
    )


def _money(cents: Any) -> np.ma.MaskedArray[Any, Any]:
    return np.ma.masked_array(cents)


def _credited(journeys: Journeys, values: Mapping[str, Any]) -> dict[str, Any]:
    """Per model: credits in millionths, revenue and margin in cents (None where none is known), by key."""
    whole = int(journeys.converted.sum())
    chain = markov.fit(journeys)
    found: dict[str, Any] = {"removal_effect": chain.effects if whole else None}
    for model in MODELS:
        shares = rules.RULES[model](journeys) if model in rules.RULES else None
        counted = _split(journeys, shares, chain.shares, np.ones(len(journeys.first)))
        found[f"credit_{model}"] = apportioned(counted * _CREDITS, whole * _CREDITS)
        for name, cents in values.items():
            known = journeys.converted & ~np.ma.getmaskarray(cents)
            amounts = np.where(known, np.ma.filled(cents, 0), 0)
            found[f"{name}_{model}"] = (
                _cents(_split(journeys, shares, chain.shares, amounts.astype(np.float64)), int(amounts.sum()))
                if known.any()
                else None
            )
    return found


def _split(journeys: Journeys, shares: Floats | None, chain: Floats | None, values: Floats) -> Floats:
    """By the shares of touches; where there are none by the chain's, of which value takes the same as conversions."""
    if shares is not None:
        return journeys.by_key(shares, values)
    total = float(np.where(journeys.converted, values, 0.0).sum())
    return total * (chain if chain is not None else np.zeros(journeys.keys))


def _cents(parts: Floats, total: int) -> Integers:
    return apportioned(parts, total)


def _row_of(listed: Mapping[str, Any], conversion: str, by: str, at: int, results: Mapping[str, Any]) -> Row:
    def at_key(name: str, unit: int) -> float | None:
        values = results.get(name)
        return None if values is None else float(values[at]) / unit

    def listed_at(name: str) -> Any:
        values = listed.get(name)
        return None if values is None or np.ma.is_masked(values[at]) else values[at]

    key, cents, code = listed_at("name"), listed_at("cents"), listed_at("code")
    row: Row = {
        "conversion": conversion,
        "dimension": by,
        "key": key,
        "kind": "other" if code == MOST_KEYS else "unspecified" if key is None else "named",
        "touches": listed_at("touches"),
        "cost": None if cents is None else int(cents) / _CENTS,
        "unknown_cost_touches": listed_at("unknown"),
        "other_currency_touches": listed_at("foreign_currency"),
        "removal_effect": at_key("removal_effect", 1),
    }
    for model in MODELS:
        row[f"credit_{model}"] = at_key(f"credit_{model}", _CREDITS)
        row[f"revenue_{model}"] = at_key(f"revenue_{model}", _CENTS)
        row[f"margin_{model}"] = at_key(f"margin_{model}", _CENTS)
    return row
