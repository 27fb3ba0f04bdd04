"""A customer's profit and loss, and the events that each of its lines consists of."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings

from analytics.models import ContactMetrics, MetricRun
from analytics.selectors import live_costs
from analytics.selectors.live_costs import Question
from analytics.selectors.profiles import require_visible
from core.actors import Actor
from core.errors import Invalid, InvalidCursor, NotFound
from core.reads import cursors
from core.reads.limits import check_limit
from core.registry.feeds import FeedPage
from core.registry.types import DateTime, TypeFault

# The statement from the top: a line, and whether it is a cost.
LINES = (
    ("sales", False),
    ("discounts", True),
    ("returns", True),
    ("cost_of_goods", True),
    ("service", True),
    ("order", True),
    ("return", True),
    ("delivery", True),
    ("marketing", True),
    ("acquisition", True),
)
FIGURES = (
    "orders", "sales", "discounts", "returns", "revenue", "cost_of_goods", "lines_without_cost", "gross_margin",
    "service_cost", "order_cost", "return_cost", "delivery_cost", "cost_to_serve", "marketing_cost", "campaign_share",
    "acquisition_cost", "profit", "cost_events", "unrated_events",
)  # fmt: skip
_SIGNATURE = "profit-events"


def of_contact(
    *,
    actor: Actor,
    record_id: UUID,
    at: datetime,
    as_of: datetime | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> dict[str, Any]:
    """The statement of a period, from what is recorded now. Raises NotFound, Forbidden, Invalid."""
    question, run = _asked(actor, record_id, at, as_of, start, end)
    found = live_costs.statement(question)
    if not found:
        raise NotFound(entity="contact", id=str(record_id))
    stored = ContactMetrics.objects.filter(contact_id=record_id).first() if run is not None else None
    return {
        "contact_id": str(record_id),
        "as_of": question.as_of.isoformat(),
        "start": None if start is None else start.isoformat(),
        "end": None if end is None else end.isoformat(),
        "base_currency": settings.BASE_CURRENCY,
        **{name: _wire(found[name]) for name in FIGURES},
        "activities": [{name: _wire(value) for name, value in row.items()} for row in live_costs.activities(question)],
        "run_id": None if run is None else str(run.pk),
        "computed_profit": None if stored is None else _wire(stored.profit),
        "computed_as_of": None if stored is None else stored.as_of.isoformat(),
    }


def events(
    *,
    actor: Actor,
    record_id: UUID,
    at: datetime,
    limit: int = 50,
    after: str | None = None,
    line: str | None = None,
    as_of: datetime | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> FeedPage:
    """What the lines of the statement consist of, newest first. Raises NotFound, Forbidden, Invalid, InvalidCursor."""
    check_limit(limit)
    question, _ = _asked(actor, record_id, at, as_of, start, end)
    rows = live_costs.entries(question, line=line, after=_position(after), limit=limit + 1)
    return FeedPage([_entry(row) for row in rows[:limit]], _cursor(rows[limit - 1]) if len(rows) > limit else None)


def _asked(
    actor: Actor, record_id: UUID, at: datetime, as_of: datetime | None, start: datetime | None, end: datetime | None
) -> tuple[Question, MetricRun | None]:
    """The question, as of the last computation where no moment is given, so that figures agree with metrics."""
    require_visible(actor, record_id)
    actor.require("contact_metrics", "view_costs")
    if start is not None and end is not None and end <= start:
        raise Invalid.one("/end", "out_of_range", "Must be after the start.")
    if as_of is not None and as_of > at:
        raise Invalid.one("/as_of", "in_the_future", "Must not be in the future.")
    runs = MetricRun.objects.filter(definition="customer_profits", status=MetricRun.Status.SUCCEEDED, is_live=True)
    run = runs.order_by("-id").first()
    assert run is None or isinstance(run, MetricRun)  # noqa: S101 - for the type checker
    moment = as_of or (run.as_of if run is not None else at)
    return Question(record_id, moment, start, end), run


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    moment = row["occurred_at"].replace(tzinfo=UTC).isoformat()
    return {name: _wire(value) for name, value in row.items()} | {"occurred_at": moment}


def _cursor(row: dict[str, Any]) -> str:
    moment = row["occurred_at"].isoformat()
    return cursors.encode(_SIGNATURE, [moment, row["source_id"], row["line"], row["activity"]])


def _position(cursor: str | None) -> list[Any] | None:
    if cursor is None:
        return None
    parts = cursors.decode(_SIGNATURE, cursor, 4)
    try:
        DateTime().parse(f"{parts[0]}Z")
    except TypeFault:
        raise InvalidCursor() from None
    if not all(isinstance(part, str) and "\x00" not in part for part in parts):
        raise InvalidCursor()
    return parts


def _wire(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value
