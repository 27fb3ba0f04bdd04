"""The charts of analytics: each made of an answer that both APIs give, the same for the admin, SVG and PNG."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from analytics.models import FittedModel
from analytics.selectors import attribution, cohorts, concentration, lifecycle, reports, results, revenue
from core.actors import Actor

Data = dict[str, Any]
# Called as `build(actor=, at=, as_of=)`; None where there is nothing to draw. Raises NotComputedYet, Forbidden.
Build = Callable[..., Data | None]

SHARE = "share"
MOST_COHORTS, MOST_PERIODS, MOST_KEYS, MOST_MONTHS = 24, 24, 12, 6


@dataclass(frozen=True)
class Chart:
    """key: its name in the APIs. needs: what must be granted, as (entity, action)."""

    key: str
    title: str
    build: Build
    needs: tuple[str, str] = ("analytics", "view")


def _revenue(*, actor: Actor, at: datetime, as_of: datetime | None) -> Data | None:
    months, _ = revenue.by_month(actor=actor, at=at)
    labels = sorted({item.month for item in months})
    found = {(item.month, item.currency): str(item.revenue) for item in months}
    names = sorted({item.currency for item in months})
    series = [{"name": name, "values": [found.get((label, name), "0") for label in labels]} for name in names]
    return _drawn("bar", [_month(label) for label in labels], series)


def _rfm(*, actor: Actor, at: datetime, as_of: datetime | None) -> Data | None:
    rows = reports.rfm_segments(actor=actor, at=at, as_of=as_of)["segments"]
    ordered = sorted((row for row in rows if row["segment"]), key=lambda row: (-row["customers"], row["segment"]))
    values = [row["customers"] for row in ordered]
    return _drawn("hbar", [row["segment"] for row in ordered], [{"name": "Customers", "values": values}])


def _whale(*, actor: Actor, at: datetime, as_of: datetime | None) -> Data | None:
    """The best customers first: what they bring together, of all. Profit where costs are known, and revenue."""
    actor.require("analytics", "view")
    lines = [_cumulative(measure) for measure in concentration.measures(as_of)]
    known = [line for line in lines if line is not None]
    if not known:
        return None
    equal = {"name": "All alike", "points": [[0, 0], [1, 1]], "dashed": True}
    return {
        "kind": "curve",
        "x": {"name": "Share of customers, best first", "unit": SHARE},
        "y": {"name": "Share of the total", "unit": SHARE},
        "series": [*known, equal],
    }


def _cumulative(measure: Mapping[str, Any]) -> Data | None:
    points = [[point["customers_share"], point["share"]] for point in measure["points"] if point["share"] is not None]
    name = _words(measure["measure"])
    return {"name": name, "points": points, "filled": True} if len(points) > 1 else None


def _triangle(name: str, unit: str | None) -> Build:
    def build(*, actor: Actor, at: datetime, as_of: datetime | None) -> Data | None:
        found = cohorts.cohorts(actor=actor, at=at, as_of=as_of)["groups"]
        rows = found[0]["cohorts"][-MOST_COHORTS:] if found else []
        width = min(MOST_PERIODS, max((len(row["periods"]) for row in rows), default=0))
        cells = [
            [cell["offset"], place, cell[name]]
            for place, row in enumerate(rows)
            for cell in row["periods"]
            # A period that is not over yet would look like a fall.
            if cell["offset"] < width and cell["complete"]
        ]
        labels = [f"+{offset}" for offset in range(width)]
        data = {"kind": "heatmap", "labels": labels, "rows": [_month(row["cohort"]) for row in rows], "cells": cells}
        return {**data, "unit": unit} if cells else None

    return build


def _flow(*, actor: Actor, at: datetime, as_of: datetime | None) -> Data | None:
    """How customers went from stage to stage at the ends of the last months."""
    found = lifecycle.lifecycle(actor=actor, at=at, as_of=as_of, months=MOST_MONTHS)
    links = [
        {
            "source": f"{place}/{flow['from_stage']}",
            "target": f"{place + 1}/{flow['to_stage']}",
            "value": flow["customers"],
        }
        for place, month in enumerate(found["months"])
        for flow in month["flows"]
        if flow["customers"] and flow["from_stage"] is not None
    ]
    linked = {link[end] for link in links for end in ("source", "target")}
    nodes = [
        {"name": f"{depth}/{stage}", "title": _words(stage), "depth": depth, "group": group}
        for depth in range(len(found["months"]) + 1)
        for group, stage in enumerate(found["stages"])
        if f"{depth}/{stage}" in linked
    ]
    return {"kind": "sankey", "nodes": nodes, "links": links} if links else None


def _stages(*, actor: Actor, at: datetime, as_of: datetime | None) -> Data | None:
    found = lifecycle.lifecycle(actor=actor, at=at, as_of=as_of, months=MOST_PERIODS)
    stocks = [{stock["stage"]: stock["customers"] for stock in month["stocks"]} for month in found["months"]]
    series = [{"name": _words(stage), "values": [stock[stage] for stock in stocks]} for stage in found["stages"]]
    return _drawn("stacked", [_month(month["month"]) for month in found["months"]], series)


def _attribution(*, actor: Actor, at: datetime, as_of: datetime | None) -> Data | None:
    found = attribution.attribution(actor=actor, at=at, as_of=as_of)["keys"][:MOST_KEYS]
    credits = [{model["model"]: model["credit"] for model in key["models"]} for key in found]
    models = list(dict.fromkeys(name for each in credits for name in each))
    series = [{"name": model.replace("_", " "), "values": [each.get(model) for each in credits]} for model in models]
    return _drawn("hbar", [key["key"] or "(none)" for key in found], series)


def _models(*, actor: Actor, at: datetime, as_of: datetime | None) -> Data | None:
    """How far each model was from what customers did afterwards, at the last computation."""
    actor.require("fitted_model", "view")
    run = results.latest("customer_profiles", as_of=as_of)
    if run.job_id is None:
        return None
    fits = FittedModel.objects.filter(job_id=run.job_id, rmse__isnull=False).visible_to(actor).order_by("rmse", "name")
    rows = list(fits.values_list("name", "rmse", "chosen"))
    labels = [f"{name} (used)" if chosen else str(name) for name, _, chosen in rows]
    return _drawn("hbar", labels, [{"name": "Error (RMSE)", "values": [error for _, error, _ in rows]}])


def _drawn(kind: str, labels: list[str], series: Iterable[Data]) -> Data | None:
    return {"kind": kind, "labels": labels, "series": list(series)} if labels else None


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _month(day: str) -> str:
    return date.fromisoformat(day).strftime("%b %Y")


CHARTS = {
    chart.key: chart
    for chart in (
        Chart("revenue", "Revenue by month", _revenue, ("order", "view")),
        Chart("rfm_segments", "Customers by segment", _rfm),
        Chart("whale_curve", "Concentration: who brings how much", _whale),
        Chart("cohort_retention", "Cohorts: share that bought again, by month", _triangle("retention", SHARE)),
        Chart("cohort_revenue", "Cohorts: revenue per customer so far", _triangle("revenue_per_customer", None)),
        Chart("lifecycle_stages", "Lifecycle: customers by stage", _stages),
        Chart("lifecycle_flow", "Lifecycle: from stage to stage", _flow),
        Chart("attribution", "Attribution: customers won, by source", _attribution),
        Chart("model_errors", "Models: error against what came after", _models, ("fitted_model", "view")),
    )
}  # fmt: skip
