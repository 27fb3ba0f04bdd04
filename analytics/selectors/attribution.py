"""To which touches conversions are owed, by every model side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from analytics.attribution.names import CONVERSIONS, MODELS
from analytics.models import MetricRun
from analytics.returns.ratios import returns
from analytics.selectors import results
from core.actors import Actor
from core.errors import Invalid


def attribution(
    *,
    actor: Actor,
    at: datetime,
    by: str | None = None,
    models: Sequence[str] | None = None,
    conversion: str | None = None,
    lookback_days: int | None = None,
    as_of: datetime | None = None,
) -> dict[str, Any]:
    """Credits, revenue, margin, cost and returns by key. Raises NotComputedYet, and Invalid for another window."""
    actor.require("analytics", "view")
    dimension, kind = by or "source", conversion or CONVERSIONS[0]
    run = results.latest("attribution", as_of=as_of)
    totals = _totals(run, kind, as_of)
    if lookback_days not in (None, totals["lookback_days"]):
        message = f"Only the window of {totals['lookback_days']} days is computed; see ANALYTICS_ATTRIBUTION_DAYS."
        raise Invalid.one("/lookback_days", "not_stored", message)
    complete = totals["margin_conversions"] + totals["other_currency_conversions"] == totals["conversions"]
    chosen = tuple(models or MODELS)
    keys = [row for row in results.rows(run) if (row["conversion"], row["dimension"]) == (kind, dimension)]
    return {
        "by": dimension,
        **totals,
        "margin_is_complete": complete,
        "keys": [_key(row, chosen, complete=complete) for row in sorted(keys, key=_place)],
        **results.origin(run),
    }


def _totals(run: MetricRun, conversion: str, as_of: datetime | None) -> dict[str, Any]:
    rows = results.rows(results.latest("attribution_totals", as_of=as_of))
    (found,) = [row for row in rows if row["conversion"] == conversion]
    return dict(found)


def _place(row: dict[str, Any]) -> tuple[Any, ...]:
    """Those with most touches first; what is summed up as `other` last."""
    return (row["kind"] == "other", -row["touches"], row["key"] is None, row["key"] or "")


def _key(row: dict[str, Any], models: Sequence[str], *, complete: bool) -> dict[str, Any]:
    names = ("key", "kind", "touches", "cost", "unknown_cost_touches", "other_currency_touches", "removal_effect")
    return {name: row[name] for name in names} | {"models": [_model(row, model, complete=complete) for model in models]}


def _model(row: dict[str, Any], model: str, *, complete: bool) -> dict[str, Any]:
    credit, revenue, margin = (row[f"{name}_{model}"] for name in ("credit", "revenue", "margin"))
    found = returns(
        cost=amount(row["cost"]),
        customers=Decimal(credit),
        revenue=amount(revenue),
        margin=amount(margin),
        margin_is_complete=complete,
    )
    return {"model": model, "credit": credit, "revenue": revenue, "margin": margin} | with_reasons(asdict(found))


def amount(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def with_reasons(found: dict[str, Any]) -> dict[str, Any]:
    """Amounts as text, and why which value is null as a list, ready for the wire."""
    cost = found["cost_per_acquisition"]
    why = [{"field": name, "reason": reason} for name, reason in sorted(found["reasons"].items())]
    return found | {"cost_per_acquisition": None if cost is None else str(cost), "reasons": why}
