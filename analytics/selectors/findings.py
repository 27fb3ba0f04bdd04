"""All findings of what was computed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from analytics import findings
from analytics.errors import NotComputedYet
from analytics.findings import Finding
from core.actors import Actor


def every(*, actor: Actor, at: datetime, as_of: datetime | None = None) -> dict[str, Any]:
    """The findings of the last results, or of the last that look back from no later than `as_of`.

    Raises Forbidden, and NotComputedYet where no source has a result.
    """
    actor.require("analytics", "view")
    actor.require("contact_metrics", "view_costs")
    found: list[Finding] = []
    missing: list[NotComputedYet] = []
    sources = findings.sources()
    for source in sources:
        try:
            found += source(as_of)
        except NotComputedYet as nothing:
            missing.append(nothing)
    if missing and len(missing) == len(sources):
        raise missing[0]
    return {"findings": [_told(item) for item in found]}


def _told(item: Finding) -> dict[str, Any]:
    return {
        "key": str(item.key),
        "title": item.title,
        "statement": item.statement,
        "action": item.action,
        "customers": item.customers,
        "amount": None if item.amount is None else str(item.amount),
        "evidence": item.evidence,
        "criteria": item.criteria,
        "run_id": str(item.run.pk),
        "definition": item.run.definition,
        "as_of": item.run.as_of.isoformat(),
        "computed_at": None if item.run.finished_at is None else item.run.finished_at.isoformat(),
    }
