"""What profits say: who costs more than they seem to, who earns more, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from analytics.findings import Finding
from analytics.models import MetricRun
from analytics.models.profile import ProfitFinding
from analytics.selectors import results

CENT = Decimal("0.01")
_MEASURES = ("revenue", "gross_margin", "cost_to_serve", "marketing_cost", "acquisition_cost", "profit")


def find(as_of: datetime | None) -> Iterator[Finding]:
    """The findings of the last run. Raises NotComputedYet."""
    run = results.latest("profit_findings", as_of=as_of)
    groups = {row["finding"]: row for row in results.rows(run)}
    known = [row for name, row in groups.items() if name not in ("no_orders", "profit_unknown")]
    if ProfitFinding.EXPENSIVE in groups:
        yield _expensive(run, groups[ProfitFinding.EXPENSIVE], known)
    if ProfitFinding.QUIET in groups:
        yield _quiet(run, groups[ProfitFinding.QUIET], known)
    if groups.get("profit_unknown", {}).get("without_margin"):
        yield _without_margin(run, groups["profit_unknown"])
    costs = results.latest("activity_costs", as_of=as_of)
    unrated = [row for row in results.rows(costs) if row["reason"] == "no_rate"]
    if unrated:
        yield _unrated(costs, unrated)


def _expensive(run: MetricRun, row: dict[str, Any], known: list[dict[str, Any]]) -> Finding:
    return Finding(
        key=ProfitFinding.EXPENSIVE,
        title="Expensive to maintain",
        statement=(
            f"{row['customers']} of the customers with the most revenue are among the less profitable half, or bring a "
            f"loss: of {_money(row['revenue'])} they leave {_money(row['profit'])}."
        ),
        action="Serve them by cheaper ways, or charge for what they take: see which activities their statements name.",
        run=run,
        customers=row["customers"],
        amount=_amount(row["profit"]),
        evidence=_evidence(row, known),
        criteria=_who(ProfitFinding.EXPENSIVE),
    )


def _quiet(run: MetricRun, row: dict[str, Any], known: list[dict[str, Any]]) -> Finding:
    return Finding(
        key=ProfitFinding.QUIET,
        title="Quietly profitable",
        statement=(
            f"{row['customers']} customers are in the most profitable fifth without being in the fifth with the most "
            f"revenue: of {_money(row['revenue'])} they leave {_money(row['profit'])}."
        ),
        action="Look after them before somebody else does: they are not seen in a list by revenue.",
        run=run,
        customers=row["customers"],
        amount=_amount(row["profit"]),
        evidence=_evidence(row, known),
        criteria=_who(ProfitFinding.QUIET),
    )


def _without_margin(run: MetricRun, row: dict[str, Any]) -> Finding:
    return Finding(
        key="margin_unknown",
        title="Margins that are not known",
        statement=(
            f"Of {row['without_margin']} customers the profit is not known, since the cost of some of their goods is "
            f"not: {row['lines_without_cost']} order lines have none, or whole orders are without lines or in other "
            "currencies."
        ),
        action="Enter unit costs of products, and of lines that came without.",
        run=run,
        customers=row["without_margin"],
        evidence={"lines_without_cost": row["lines_without_cost"]},
        criteria={"and": [{"field": "metrics.gross_margin", "op": "is_null", "value": True}]},
    )


def _unrated(run: MetricRun, rows: list[dict[str, Any]]) -> Finding:
    events = sum(row["events"] for row in rows)
    by_activity: dict[str, int] = {}
    for row in rows:
        by_activity[row["activity"]] = by_activity.get(row["activity"], 0) + row["events"]
    return Finding(
        key="costs_without_rates",
        title="Activities without a rate",
        statement=f"{events} events cost something that is not known: no rate holds on their day.",
        action="Enter rates of these activities, or set those inactive that shall not count.",
        run=run,
        evidence={"events": events, "by_activity": by_activity},
        criteria={"and": [{"field": "metrics.unrated_events", "op": "gt", "value": 0}]},
    )


def _who(finding: ProfitFinding) -> dict[str, Any]:
    return {"and": [{"field": "metrics.profit_finding", "op": "eq", "value": str(finding)}]}


def _evidence(row: dict[str, Any], known: list[dict[str, Any]]) -> dict[str, Any]:
    """The group's figures beside those of all customers with a known profit, whole and by customer."""
    everybody = {name: str(sum((_amount(item[name]) for item in known), Decimal(0))) for name in _MEASURES}
    customers = sum(item["customers"] for item in known)
    return {
        **{name: row[name] for name in ("customers", "at_a_loss", *_MEASURES)},
        "profit_per_customer": _per(row["profit"], row["customers"]),
        "all": {"customers": customers, **everybody, "profit_per_customer": _per(everybody["profit"], customers)},
    }


def _per(amount: str, customers: int) -> str:
    return str((Decimal(amount) / customers).quantize(CENT, ROUND_HALF_UP))


def _amount(text: str | None) -> Decimal:
    return Decimal(text or 0)


def _money(text: str) -> str:
    return f"{Decimal(text).quantize(CENT, ROUND_HALF_UP):,}"
