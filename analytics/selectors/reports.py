"""The answers of the analytics calls, ready for the wire."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from analytics.selectors import bands, results
from analytics.selectors import concentration as concentrations
from core.actors import Actor
from core.errors import Invalid


def concentration(
    *, actor: Actor, at: datetime, as_of: datetime | None = None, first_order_threshold: Decimal | None = None
) -> dict[str, Any]:
    """How much the best fifth brings, first-order bands, and the orders left out. Raises NotComputedYet."""
    actor.require("analytics", "view")
    run = results.latest("concentration", as_of=as_of)
    (row,) = results.rows(run)
    return {
        **row,
        "measures": concentrations.measures(as_of),
        "first_order_bands": _bands(as_of, first_order_threshold),
        "left_out": results.rows(results.latest("left_out", as_of=as_of)),
        **results.origin(run),
    }


def first_order_bands(
    *, actor: Actor, at: datetime, as_of: datetime | None = None, first_order_threshold: Decimal | None = None
) -> dict[str, Any]:
    """Customers by the value of their first order. Raises NotComputedYet."""
    actor.require("analytics", "view")
    run = results.latest("first_order_bands", as_of=as_of)
    return {"bands": _bands(as_of, first_order_threshold), **results.origin(run)}


def rfm_segments(*, actor: Actor, at: datetime, as_of: datetime | None = None) -> dict[str, Any]:
    """Customers by RFM segment. Raises NotComputedYet."""
    actor.require("analytics", "view")
    run = results.latest("rfm_segments", as_of=as_of)
    return {"segments": results.rows(run), **results.origin(run)}


def _bands(as_of: datetime | None, threshold: Decimal | None) -> list[dict[str, Any]]:
    """As stored, with the run's threshold; for another counted over contacts' metrics, which are of the last run."""
    run = results.latest("first_order_bands", as_of=as_of)
    if threshold is None:
        return results.rows(run)
    if threshold <= 0:
        raise Invalid.one("/first_order_threshold", "out_of_range", "Must be more than 0.")
    if run.pk != results.latest("first_order_bands").pk:
        raise Invalid.one("/first_order_threshold", "not_stored", "Can only be given for the last result.")
    return bands.first_order_bands(threshold)
