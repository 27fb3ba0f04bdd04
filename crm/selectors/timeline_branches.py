"""What the timeline is made of: one branch for each kind of thing that happens to a customer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast, Coalesce, Concat, Left

from core.models.record import Record
from core.models.scope import Scope
from crm.models import (
    Case,
    CaseChange,
    Contact,
    Deal,
    Event,
    File,
    Interaction,
    LifecycleChange,
    LifeEvent,
    Note,
    Order,
    OrderReturn,
    StageChange,
    Task,
    Touch,
)
from crm.models.base import CUSTOMER_SCOPE, through


@dataclass(frozen=True)
class Branch:
    """One source of entries: `entity` is what the reader must be allowed to see, `scope` how its rows are reached."""

    kind: str
    model: type[Record]
    entity: str
    scope: Scope
    at: str
    customer: str
    title: Any
    record: str
    detail: dict[str, Any]
    alive: tuple[str, ...] = ("deleted_at",)
    only: type[Record] | None = None
    where: Q = field(default_factory=Q)


def _text(column: str) -> Cast:
    """Amounts travel as text, as everywhere."""
    return Cast(column, CharField())


BRANCHES = (
    Branch(
        kind="interaction",
        model=Interaction,
        entity="interaction",
        scope=CUSTOMER_SCOPE,
        at="occurred_at",
        customer="",
        title=Coalesce(F("subject"), F("channel")),
        record="id",
        detail={
            "channel": F("channel"), "kind": F("kind"), "direction": F("direction"), "outcome": F("outcome"),
            "minutes": _text("minutes"), "agent_id": F("agent_id"), "deal_id": F("deal_id"),
        },
    ),
    Branch(
        kind="order",
        model=Order,
        entity="order",
        scope=CUSTOMER_SCOPE,
        at="placed_at",
        customer="",
        title=F("number"),
        record="id",
        detail={
            "status": F("status"), "channel": F("channel"), "total": _text("total"), "currency": F("currency"),
            "is_gift": F("is_gift"),
        },
    ),
    Branch(
        kind="return",
        model=OrderReturn,
        entity="order",
        scope=through("order", CUSTOMER_SCOPE),
        at="at",
        customer="order__",
        title=F("order__number"),
        record="order_id",
        detail={
            "quantity": _text("quantity"), "amount": _text("amount"), "currency": F("order__currency"),
            "reason": F("reason"), "line_id": F("line_id"),
        },
        alive=("deleted_at", "order__deleted_at"),
    ),
    Branch(
        kind="deal",
        model=StageChange,
        entity="deal",
        scope=through("deal", Deal.scope),
        at="at",
        customer="deal__",
        title=Concat(F("deal__name"), Value(": "), F("to_stage__name")),
        record="deal_id",
        detail={
            "status": F("kind"), "from_stage": F("from_stage__name"), "to_stage": F("to_stage__name"), "by": F("by"),
            "amount": _text("deal__amount"), "currency": F("deal__currency"),
        },
        alive=("deleted_at", "deal__deleted_at"),
    ),
    Branch(
        kind="event",
        model=Event,
        entity="event",
        scope=CUSTOMER_SCOPE,
        at="occurred_at",
        customer="",
        title=F("name"),
        record="id",
        detail={
            "source": F("source"), "is_offline": F("is_offline"), "place": F("place"), "value": _text("value"),
            "currency": F("currency"),
        },
    ),
    Branch(
        kind="touch",
        model=Touch,
        entity="touch",
        scope=Touch.scope,
        at="occurred_at",
        customer="",
        title=Coalesce(F("campaign_code"), F("source")),
        record="id",
        detail={
            "source": F("source"), "medium": F("medium"), "campaign_code": F("campaign_code"), "channel": F("channel"),
            "cost": _text("cost"), "currency": F("currency"),
        },
        only=Contact,
    ),
    Branch(
        kind="life_event",
        model=LifeEvent,
        entity="life_event",
        scope=LifeEvent.scope,
        at="occurred_at",
        customer="",
        title=F("kind"),
        record="id",
        detail={"kind": F("kind"), "source": F("source"), "confidence": _text("confidence")},
        only=Contact,
    ),
    Branch(
        kind="lifecycle",
        model=LifecycleChange,
        entity="contact",
        scope=through("contact", Contact.scope),
        at="at",
        customer="",
        title=F("to_stage"),
        record="contact_id",
        detail={"from_stage": F("from_stage"), "to_stage": F("to_stage"), "by": F("by")},
        only=Contact,
    ),
    Branch(
        kind="case",
        model=CaseChange,
        entity="case",
        scope=through("case", Case.scope),
        at="at",
        customer="",
        title=Concat(F("case__number"), Value(" "), F("case__subject")),
        record="case_id",
        detail={
            "status": F("to_status"), "from_status": F("from_status"), "by": F("by"), "priority": F("case__priority"),
        },
        alive=("deleted_at", "case__deleted_at"),
        # As the indexes are made.
        where=Q(to_status__in=("new", "resolved")),
    ),
    Branch(
        kind="task",
        model=Task,
        entity="task",
        scope=Task.scope,
        at="completed_at",
        customer="",
        title=F("title"),
        record="id",
        detail={"kind": F("kind"), "owner_id": F("owner_id"), "due_at": F("due_at")},
        where=Q(completed_at__isnull=False),
    ),
    Branch(
        kind="note",
        model=Note,
        entity="note",
        scope=Note.scope,
        at="created_at",
        customer="",
        title=Left("body", 200),
        record="id",
        detail={"author_id": F("author_id"), "is_pinned": F("is_pinned")},
    ),
    Branch(
        kind="file",
        model=File,
        entity="file",
        scope=File.scope,
        at="created_at",
        customer="",
        title=F("name"),
        record="id",
        detail={"media_type": F("media_type"), "size": F("size"), "author_id": F("author_id")},
    ),
)  # fmt: skip
