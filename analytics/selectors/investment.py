"""How much to spend on winning and on keeping customers, from what was observed, and what was assumed for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from math import log
from typing import Any

from analytics.investment.allocation import CENT, Segment, split
from analytics.investment.calculus import Calculus, Infeasible, Response
from analytics.selectors import results
from core.actors import Actor
from core.errors import Invalid

YEARLY_DISCOUNT = 0.10
LEAST_CUSTOMERS = 30
# Assumed of segments without a calibration: half of the possible gain for this part of the margin of a period.
HALF_FOR = 0.2

Row = dict[str, Any]


def investment(
    *, actor: Actor, at: datetime, budget: Decimal | None = None, as_of: datetime | None = None
) -> dict[str, Any]:
    """The decision calculus on the company's own figures, what there is to keep, and a budget split over the segments.

    Raises NotComputedYet, and Invalid for a budget under 0.
    """
    actor.require("analytics", "view")
    run = results.latest("investment_segments", as_of=as_of)
    listed = results.rows(run)
    basis = _basis(results.rows(results.latest("investment_basis", as_of=as_of)))
    segments = [_segment(row) for row in listed if row["kind"] == "rfm_segment"]
    best = [_segment(row) for row in listed if row["kind"] == "most_valuable"]
    return {
        **_calculated(basis),
        "segments": segments,
        "most_valuable": best[0] if best else None,
        "split": None if budget is None else _split(budget, [_assumed(row) for row in segments]),
        **results.origin(run),
    }


def plan(
    *,
    actor: Actor,
    at: datetime,
    margin: Decimal,
    discount: float,
    acquisition: dict[str, Any],
    retention: dict[str, Any],
    budget: Decimal | None = None,
    segments: Sequence[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """The same on the caller's own calibration points. Raises Invalid for what cannot be, naming it."""
    actor.require("analytics", "view")
    found = _own(margin, discount, acquisition, retention)
    if (budget is None) != (segments is None):
        raise Invalid.one("/budget", "incomplete", "A budget is split over segments: both or none must be given.")
    listed = [_given(place, row) for place, row in enumerate(segments or ())]
    return {"plan": _plan(found), "split": None if budget is None else _split(budget, listed)}


def _own(margin: Decimal, discount: float, acquisition: dict[str, Any], retention: dict[str, Any]) -> Calculus:
    try:
        curves = [
            Response.through(ceiling=point["ceiling"], spend=float(point["spend"]), rate=point["rate"], name=name)
            for name, point in (("acquisition", acquisition), ("retention", retention))
        ]
        return Calculus(float(margin), discount, *curves)
    except Infeasible as fault:
        raise Invalid.one(f"/{fault.field.replace('_', '/')}", "infeasible", str(fault)) from None


def _given(place: int, row: dict[str, Any]) -> Segment:
    """A segment with the rate it has, the ceiling, and what spending so much on each has brought it to."""
    try:
        gain = row["ceiling"] - row["rate"]
        lifted = Response.through(
            ceiling=gain, spend=float(row["spend"]), rate=row["rate_with_spend"] - row["rate"], name="segment"
        )
        return Segment(row["name"], row["customers"], float(row["value"]), gain, lifted.steepness)
    except Infeasible as fault:
        field = fault.field.removeprefix("segment_").replace("rate", "rate_with_spend")
        raise Invalid.one(f"/segments/{place}/{field}", "infeasible", str(fault)) from None


def _basis(rows: list[Row]) -> Row | None:
    """The longest period of which there are two, with customers enough to tell who was kept."""
    fit = [r for r in rows if (r["history_days"] or 0) + 1 >= 2 * r["period_days"]]
    fit = [r for r in fit if r["prior_customers"] >= LEAST_CUSTOMERS]
    return max(fit, key=lambda r: int(r["period_days"]), default=None)


def _calculated(basis: Row | None) -> dict[str, Any]:
    """The plan, or the reasons why there is none, with what it rests on and what was assumed."""
    if basis is None:
        return {"plan": None, "observed": None, "assumed": [], "missing": ["not_enough_history"]}
    observed, missing = _observed(basis)
    assumed: list[dict[str, Any]] = []
    if missing:
        return {"plan": None, "observed": observed, "assumed": assumed, "missing": missing}
    a, r = observed["acquisition_rate"], observed["retention_rate"]
    ceilings = {"acquisition_ceiling": (a + 1) / 2, "retention_ceiling": (r + 1) / 2}
    discount = (1 + YEARLY_DISCOUNT) ** (basis["period_days"] / 365) - 1
    assumed = [{"name": name, "value": value} for name, value in ({"discount": discount} | ceilings).items()]
    spends = {name: float(observed[f"{name}_spend"]) for name in ("acquisition", "retention")}
    try:
        curves = [
            Response.through(ceiling=ceilings[f"{n}_ceiling"], spend=spends[n], rate=observed[f"{n}_rate"], name=n)
            for n in ("acquisition", "retention")
        ]
        found = Calculus(float(observed["margin"]), discount, *curves)
    except Infeasible as fault:
        return {"plan": None, "observed": observed, "assumed": assumed, "missing": [f"infeasible_{fault.field}"]}
    return {"plan": _plan(found), "observed": observed, "assumed": assumed, "missing": []}


def _observed(basis: Row) -> tuple[dict[str, Any], list[str]]:
    """Per period: the rates, the spending per head, the margin of an active customer; and what of it is not known."""

    def per(amount: str | None, heads: int) -> Decimal | None:
        return None if amount is None or not heads else (Decimal(amount) / heads).quantize(CENT)

    full = basis["margin_orders"] == basis["revenue_orders"]
    part = None
    if basis["margin"] is not None and not full and Decimal(basis["revenue_of_margin"]) > 0:
        part = str(Decimal(basis["revenue"]) * Decimal(basis["margin"]) / Decimal(basis["revenue_of_margin"]))
    found: dict[str, Any] = {
        "period_days": basis["period_days"],
        "margin": per(basis["margin"] if full else part, basis["active_customers"]),
        "margin_basis": None if basis["margin"] is None else "margin" if full else "margin_share",
        "prospects": basis["prospects"],
        "won": basis["won"],
        "acquisition_rate": basis["won"] / basis["prospects"] if basis["prospects"] else None,
        "acquisition_spend": per(basis["acquisition_cost"], basis["prospects"]),
        "prior_customers": basis["prior_customers"],
        "kept_customers": basis["kept_customers"],
        "retention_rate": basis["kept_customers"] / basis["prior_customers"],
        "retention_spend": per(basis["retention_cost"], basis["prior_customers"]),
    }
    needed = ("margin", "acquisition_rate", "acquisition_spend", "retention_rate", "retention_spend")
    missing = [f"{name}_unknown" for name in needed if not found[name]]
    return {name: str(v) if isinstance(v, Decimal) else v for name, v in found.items()}, missing


def _plan(found: Calculus) -> dict[str, Any]:
    return asdict(found.best())


def _segment(row: Row) -> dict[str, Any]:
    """With what each customer may cost at most on average, rounded down."""
    ceiling = (Decimal(row["retention_worth"]) / row["customers"]).quantize(CENT, ROUND_FLOOR)
    return {**row, "spend_ceiling": str(ceiling)}


def _assumed(row: Row) -> Segment:
    """The rate can rise by half of what it lacks; keeping one is worth the stake over the chance to lose them."""
    lacks = 1 - row["rebuy_probability"]
    worth = float(row["retention_worth"]) / row["customers"]
    margin = float(row["period_margin"]) / row["customers"]
    if lacks <= 0 or margin <= 0:
        return Segment(row["segment"], row["customers"], 0.0, 0.0, 1.0)
    return Segment(row["segment"], row["customers"], worth / lacks, lacks / 2, log(2) / (HALF_FOR * margin))


def _split(budget: Decimal, segments: Sequence[Segment]) -> dict[str, Any]:
    try:
        found = split(budget, segments)
    except Infeasible as fault:
        raise Invalid.one(f"/{fault.field}", "out_of_range", str(fault)) from None
    shares = [
        {
            "name": share.segment.name,
            "customers": share.segment.customers,
            "amount": str(share.amount),
            "per_customer": share.per_customer,
            "expected_return": share.expected_return,
            "marginal_return": share.marginal_return,
        }
        for share in found.shares
    ]
    return {"budget": str(budget), "unspent": str(found.unspent), "marginal_return": found.level, "shares": shares}
