"""What campaigns and coupons cost and brought: attributed to them, not what they added."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from analytics.intervals import wilson
from analytics.returns.ratios import returns
from analytics.selectors import results
from analytics.selectors.attribution import amount, with_reasons
from core.actors import Actor

BASIS = "attributed"


def campaign_roi(
    *, actor: Actor, at: datetime, kind: str | None = None, code: str | None = None, as_of: datetime | None = None
) -> dict[str, Any]:
    """Cost, customers and returns by campaign code and coupon code. Raises NotComputedYet."""
    actor.require("analytics", "view")
    run = results.latest("campaign_results", as_of=as_of)
    rows = [row for row in results.rows(run) if kind in (None, row["kind"]) and code in (None, row["code"])]
    return {
        "basis": BASIS,
        "campaigns": [_campaign(row) for row in rows],
        **results.origin(run),
    }


def _campaign(row: dict[str, Any]) -> dict[str, Any]:
    found = with_reasons(
        asdict(
            returns(
                cost=amount(row["cost"]),
                customers=row["customers"],
                revenue=amount(row["revenue"]),
                margin=amount(row["margin"]),
                margin_is_complete=row["margin_orders"] + row["other_currency_orders"] == row["orders"],
            )
        )
    )
    recipients = row["recipients"]
    interval = wilson(row["customers"], recipients) if recipients else None
    if interval is None:
        found["reasons"] += [{"field": "conversion_rate", "reason": "recipients_unknown"}]
    return {
        **row,
        "first_at": _utc(row["first_at"]),
        "last_at": _utc(row["last_at"]),
        "conversion_rate": row["customers"] / recipients if recipients else None,
        "conversion_rate_low": interval and interval[0],
        "conversion_rate_high": interval and interval[1],
        **found,
    }


def _utc(moment: str | None) -> str | None:
    """Moments in the lake are in UTC without saying so."""
    return None if moment is None else f"{moment}+00:00"
