"""What analytics puts on the home page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.urls import reverse

from analytics.errors import NotComputedYet
from analytics.selectors import reports, results, revenue
from core.actors import Actor
from core.admin import home
from core.admin.home import Widget
from core.templatetags.core_admin import amount, moment

PERCENT = 100


def revenue_chart(*, actor: Actor, at: datetime) -> dict[str, Any]:
    """Bars by month, one series a currency."""
    months, origin = revenue.by_month(actor=actor, at=at)
    labels = sorted({item.month for item in months})
    currencies = sorted({item.currency for item in months})
    found = {(item.month, item.currency): str(item.revenue) for item in months}
    chart = {
        "kind": "bar",
        "axis": "Month",
        "labels": [date.fromisoformat(label).strftime("%b %Y") for label in labels],
        "series": [
            {"name": name, "values": [found.get((label, name), "0") for label in labels]} for name in currencies
        ],
    }
    return {"chart": chart, "note": _note(origin), "empty": "No orders yet."}


def best_fifth(*, actor: Actor, at: datetime) -> dict[str, Any]:
    """How much of the revenue comes from the best fifth of the customers."""
    found = reports.concentration(actor=actor, at=at)
    share = found["top20_share"]
    unit = found["base_currency"]
    figures = [
        {
            "label": "Share of the top 20%",
            "value": amount(None) if share is None else f"{share * PERCENT:.1f}",
            "unit": "%",
        },
        {"label": "Customers", "value": amount(found["customers"]), "hint": f"of {amount(found['contacts'])} contacts"},
        {"label": "Revenue", "value": amount(found["revenue"]), "unit": unit},
    ]
    return {"figures": figures, "note": _note(found)}


def segments(*, actor: Actor, at: datetime) -> dict[str, Any]:
    """Customers by RFM segment."""
    found = reports.rfm_segments(actor=actor, at=at)
    rows = sorted((row for row in found["segments"] if row["segment"]), key=lambda row: -row["customers"])
    chart = {
        "kind": "hbar",
        "axis": "Segment",
        "labels": [row["segment"] for row in rows],
        "series": [{"name": "Customers", "values": [row["customers"] for row in rows]}],
    }
    return {"chart": chart, "note": _note(found), "empty": "No customers yet."}


def freshness(*, actor: Actor, at: datetime) -> dict[str, Any]:
    """How old the computed figures are."""
    link = reverse("admin:analytics_metricrun_changelist")
    try:
        found = results.freshness(results.latest("customer_metrics"))
    except NotComputedYet:
        return {"figures": [{"label": "Computed", "value": "Never", "tone": "warn", "link": link}]}
    newer = found["has_newer_data"]
    state = {"label": "Facts since", "value": "Changed" if newer else "None", "tone": "warn" if newer else "good"}
    return {
        "figures": [{"label": "Computed", "value": moment(found["computed_at"]), "link": link, "small": True}, state]
    }


def _note(origin: dict[str, Any]) -> str:
    newer = "; facts have changed since" if origin["has_newer_data"] else ""
    return f"As of {moment(origin['as_of'])}{newer}."


_ANALYTICS = (("analytics", "view"),)

home.add(
    Widget("revenue", "Revenue by month", (("order", "view"),), revenue_chart, home.CHART, span=8, rank=20),
    Widget("best-fifth", "Who brings it", _ANALYTICS, best_fifth, home.PLAIN, span=4, rank=25),
    Widget("segments", "Customers by segment", _ANALYTICS, segments, home.CHART, span=6, rank=50),
    Widget("freshness", "Freshness of analytics", _ANALYTICS, freshness, home.PLAIN, span=3, rank=65),
)
