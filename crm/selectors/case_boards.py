"""Cases as a board: their statuses as columns, what is due first on top, as far as an actor sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from core.actors import Actor
from crm.models import Case
from crm.models.case import OVER, CaseStatus

CARDS = 20
# Further than this nobody counts by eye.
MOST = 1000
# Of what is over only what is fresh: the rest is for lists.
OVER_DAYS = 7


@dataclass
class CaseColumn:
    """A status with its first cards; `counted` ends at MOST."""

    status: str
    counted: int = 0
    breached: int = 0
    cards: list[Case] = field(default_factory=list)
    has_more: bool = False

    @property
    def label(self) -> str:
        return CaseStatus(self.status).label

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    @property
    def is_capped(self) -> bool:
        return self.counted >= MOST


def columns(
    statuses: list[str], *, actor: Actor, at: datetime, queue_id: UUID | None = None, mine: bool = False
) -> list[CaseColumn]:
    """The columns of these statuses, each with its first cards."""
    actor.require("case", "view")
    return [_column(status, actor, at, queue_id, mine) for status in statuses]


def _column(status: str, actor: Actor, at: datetime, queue_id: UUID | None, mine: bool) -> CaseColumn:
    rows = _rows(status, actor, at, queue_id, mine)
    found = list(rows.select_related("queue", "owner", "contact", "company").order_by(*_order(status))[: CARDS + 1])
    breached = rows.filter(Q(resolution_breached=True) | Q(first_response_breached=True))
    return CaseColumn(
        status,
        counted=rows.order_by()[:MOST].count(),
        breached=0 if status in OVER else breached.order_by()[:MOST].count(),
        cards=found[:CARDS],
        has_more=len(found) > CARDS,
    )


def _rows(status: str, actor: Actor, at: datetime, queue_id: UUID | None, mine: bool) -> QuerySet[Case]:
    conditions: dict[str, Any] = {"status": status}
    if status in OVER:
        conditions["updated_at__gte"] = at - timedelta(days=OVER_DAYS)
    if queue_id is not None:
        conditions["queue"] = queue_id
    if mine:
        conditions["owner_id"] = actor.user_id
    rows: QuerySet[Case] = Case.objects.visible_to(actor).alive().filter(**conditions)
    return rows


def _order(status: str) -> tuple[str, ...]:
    """The oldest first where somebody waits, the newest where nobody does."""
    return ("-id",) if status in OVER else ("id",)
