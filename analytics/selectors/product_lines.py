"""What product lines bring and cost, by the segment of the customer: as figures, and as rows for a ledger."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from analytics.models import MetricRun
from analytics.selectors import results
from core.actors import Actor
from core.errors import Invalid
from core.formulas import neutralised
from core.registry.types import Attachment

DEFINITION = "product_line_profits"
DIMENSIONS = ("all", "lifecycle_stage", "region", "rfm_segment")
COSTS = (
    "service_cost", "order_cost", "return_cost", "delivery_cost", "marketing_cost", "acquisition_cost",
)  # fmt: skip
MEASURES = ("sales", "discounts", "returns", "cost_of_goods", *COSTS)
SUMS = (*MEASURES, "sales_without_lines")
COUNTS = ("lines_without_cost", "unrated_events")
UNALLOCATED = "unallocated"
LEDGER = (
    "period", "product_line_id", "product_line", "segment_by", "segment", "account", "debit", "credit", "currency",
)  # fmt: skip
CENT = Decimal("0.01")
_INCOME = "sales"
Row = dict[str, Any]


def profits(
    *,
    actor: Actor,
    at: datetime,
    segment_by: str | None = None,
    start: date | None = None,
    end: date | None = None,
    as_of: datetime | None = None,
) -> Row:
    """Product lines by segment, over whole months. Raises Forbidden, Invalid, NotComputedYet."""
    run, rows = _chosen(actor, segment_by, start, end, as_of)
    cells: dict[tuple[str, str], Row] = {}
    whole = _empty()
    for row in rows:
        cell = cells.setdefault((row["product_line_id"], row["segment"]), _empty() | _named(row))
        for found in (cell, whole):
            for name in (*SUMS, *COUNTS):
                found[name] += row[name] if name in COUNTS else Decimal(row[name])
    ordered = sorted(cells.values(), key=lambda cell: _place(cell, "product_line", "product_line_id", "segment"))
    return {
        "segment_by": segment_by or DIMENSIONS[0],
        "rows": [_told(cell) for cell in ordered],
        "total": _told(whole),
        **results.origin(run),
    }


def ledger(
    *,
    actor: Actor,
    at: datetime,
    segment_by: str | None = None,
    start: date | None = None,
    end: date | None = None,
    as_of: datetime | None = None,
) -> Attachment:
    """The same by month and account, in cents, as CSV. Raises Forbidden, Invalid, NotComputedYet."""
    run, rows = _chosen(actor, segment_by, start, end, as_of)
    chosen = sorted(rows, key=lambda row: _place(row, "month", "product_line", "product_line_id", "segment"))
    name = f"product-lines-{segment_by or DIMENSIONS[0]}-{run.as_of:%Y-%m-%d}.csv"
    return Attachment(
        name, "text/csv", lambda: _csv(_entries(chosen, segment_by or DIMENSIONS[0], results.currency(run)))
    )


def _chosen(
    actor: Actor, segment_by: str | None, start: date | None, end: date | None, as_of: datetime | None
) -> tuple[MetricRun, list[Row]]:
    actor.require("analytics", "view")
    actor.require("contact_metrics", "view_costs")
    for name, day in (("start", start), ("end", end)):
        if day is not None and day.day != 1:
            raise Invalid.one(f"/{name}", "out_of_range", "Must be the first day of a month.")
    if start is not None and end is not None and end <= start:
        raise Invalid.one("/end", "out_of_range", "Must be after the start.")
    run = results.latest(DEFINITION, as_of=as_of)
    first, last = (None if day is None else day.isoformat() for day in (start, end))
    wanted = segment_by or DIMENSIONS[0]
    return run, [
        row
        for row in results.rows(run)
        if row["dimension"] == wanted
        and (first is None or row["month"] >= first)
        and (last is None or row["month"] < last)
    ]


def _place(row: Row, *names: str) -> tuple[str, ...]:
    return tuple(row[name] or "" for name in names)


def _entries(rows: Iterable[Row], segment_by: str, currency: str) -> Iterator[list[str]]:
    """Entries in cents. What is rounded away of one is carried to the next of its account, so that sums stay exact."""
    carried = dict.fromkeys(MEASURES, Decimal(0))
    for row in rows:
        for account in MEASURES:
            whole = carried[account] + Decimal(row[account])
            cents = whole.quantize(CENT, ROUND_HALF_UP)
            carried[account] = whole - cents
            if cents:
                yield [
                    row["month"][:7], row["product_line_id"], row["product_line"] or UNALLOCATED, segment_by,
                    row["segment"], account, *_sides(cents, is_income=account == _INCOME), currency,
                ]  # fmt: skip


def _sides(cents: Decimal, *, is_income: bool) -> tuple[str, str]:
    """Debit and credit: income is a credit, what it costs a debit; what is taken back stands on the other side."""
    is_credit = is_income is (cents > 0)
    return ("", str(abs(cents))) if is_credit else (str(abs(cents)), "")


def _csv(entries: Iterable[list[str]]) -> Iterator[bytes]:
    for row in (list(LEDGER), *entries):
        line = io.StringIO()
        csv.writer(line).writerow([neutralised(cell) for cell in row])
        yield line.getvalue().encode()


def _empty() -> Row:
    return {name: 0 if name in COUNTS else Decimal(0) for name in (*SUMS, *COUNTS)}


def _named(row: Row) -> Row:
    return {
        "product_line_id": row["product_line_id"] or None,
        "product_line": row["product_line"] or UNALLOCATED,
        "segment": row["segment"] or None,
    }


def _told(cell: Row) -> Row:
    """With what follows from the sums. The margin is null where the cost of any goods is not known."""
    revenue = cell["sales"] - cell["discounts"] - cell["returns"]
    is_known = not (cell["lines_without_cost"] or cell["sales_without_lines"])
    margin = revenue - cell["cost_of_goods"] if is_known else None
    profit = None if margin is None else margin - sum(cell[name] for name in COSTS)
    figures = cell | {"revenue": revenue, "gross_margin": margin, "profit": profit}
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in figures.items()}
