"""The timeline of a contact or a company: everything that happened, newest first, in one keyset-paged stream.

Every branch is limited before they are put together, so a page costs as much at a million rows as at a hundred.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat, JSONObject, Left

from core.actors import SYSTEM, Actor
from core.errors import Invalid, InvalidCursor, NotFound
from core.models.record import Record
from core.models.scope import Scope
from core.reads import cursors
from core.registry import types
from core.registry.feeds import Feed, FeedPage
from core.registry.fields import Field, Shape
from crm.models import (
    Case,
    CaseChange,
    Company,
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

MAX_LIMIT = 200
SIGNATURE = "timeline"
MOMENT = types.DateTime()
KINDS = (
    "interaction",
    "order",
    "return",
    "deal",
    "lifecycle",
    "case",
    "event",
    "task",
    "note",
    "file",
    "touch",
    "life_event",
)

ITEM = Shape(
    title="TimelineItem",
    fields=(
        Field("id", types.Id(), "Of the entry.", nullable=False),
        Field("kind", types.Choice(options=KINDS), "What happened.", nullable=False),
        Field("at", types.DateTime(), "When it happened.", nullable=False),
        Field("title", types.Text(), "In a few words."),
        Field("detail", types.Json(), "What is worth showing of it, by name.", nullable=False),
        Field("entity", types.Text(), "The kind of record it is about.", nullable=False),
        Field("record_id", types.Id(), "The record it is about.", nullable=False),
    ),
)


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


def timeline_feed(entity: str, model: type[Contact | Company]) -> Feed:
    """The feed `timeline` of contacts or of companies."""
    doc = "Everything that happened, newest first; `kind` says what it was."
    return Feed("timeline", ITEM, partial(fetch, entity, model), doc)


def fetch(
    entity: str,
    model: type[Contact | Company],
    *,
    actor: Actor,
    record_id: UUID,
    limit: int = 50,
    after: str | None = None,
    at: datetime,
) -> FeedPage:
    """A page of the timeline, with what the actor may see of it. Raises Forbidden, NotFound, InvalidCursor."""
    if not 1 <= limit <= MAX_LIMIT:
        raise Invalid.one("/limit", "out_of_range", f"Must be between 1 and {MAX_LIMIT}.")
    actor.require(entity, "view")
    if not model.objects.visible_to(actor).alive().filter(pk=record_id).exists():
        raise NotFound(entity=entity, id=str(record_id))
    before = _position(after) if after is not None else None
    branches = [item for item in BRANCHES if item.only in {None, model} and actor.may(item.entity, "view")]
    parts = [_rows(item, actor, entity, record_id, before)[: limit + 1] for item in branches]
    rows: Any = parts[0].union(*parts[1:], all=True).order_by("-entry_at", "-entry_id") if parts[1:] else parts[0]
    found = list(rows[: limit + 1]) if parts[1:] else list(rows)
    items = [_item(*row) for row in found[:limit]]
    return FeedPage(items, _cursor(items[-1]) if len(found) > limit else None)


def everything(entity: str, model: type[Contact | Company], record_id: UUID) -> Iterator[dict[str, Any]]:
    """The whole timeline, newest first, whoever may see what of it; in one query and bounded memory."""
    branches = [item for item in BRANCHES if item.only in {None, model}]
    first, *others = (_rows(item, SYSTEM, entity, record_id, None).order_by() for item in branches)
    rows: Any = first.union(*others, all=True).order_by("-entry_at", "-entry_id")
    return (_item(*row) for row in rows.iterator(chunk_size=1_000))


def _rows(
    branch: Branch, actor: Actor, entity: str, record_id: UUID, before: tuple[datetime, UUID] | None
) -> QuerySet[Any, Any]:
    """The entries of one branch, newest first, in the columns that all branches share."""
    visible = branch.scope.q(actor, actor.visibilities(branch.entity, "view"))
    alive = {f"{column}__isnull": True for column in branch.alive}
    customer = {f"{branch.customer}{entity}_id": record_id}
    rows: QuerySet[Any, Any] = branch.model.objects.filter(visible, branch.where, **alive, **customer)
    if before is not None:
        moment, key = before
        # The first condition is what the index understands.
        rows = rows.filter(Q(**{f"{branch.at}__lte": moment}), Q(**{f"{branch.at}__lt": moment}) | Q(id__lt=key))
    columns = {
        "entry_id": F("id"),
        "entry_kind": Value(branch.kind, CharField()),
        "entry_at": F(branch.at),
        "entry_title": Cast(branch.title, CharField()),
        "entry_detail": JSONObject(**branch.detail),
        "entry_entity": Value(branch.entity, CharField()),
        "entry_record": F(branch.record),
    }
    ordered: QuerySet[Any, Any] = rows.order_by(f"-{branch.at}", "-id").annotate(**columns).values_list(*columns)
    return ordered


def _item(
    key: UUID, kind: str, at: datetime, title: str | None, detail: Any, entity: str, record: UUID
) -> dict[str, Any]:
    moment = MOMENT.dump(at)
    about = {"entity": entity, "record_id": str(record)}
    return {"id": str(key), "kind": kind, "at": moment, "title": title, "detail": detail, **about}


def _cursor(item: dict[str, Any]) -> str:
    return cursors.encode(SIGNATURE, [item["at"], item["id"]])


def _position(cursor: str) -> tuple[datetime, UUID]:
    moment, key = cursors.decode(SIGNATURE, cursor, 2)
    try:
        return datetime.fromisoformat(moment), UUID(key)
    except (TypeError, ValueError, AttributeError):
        raise InvalidCursor() from None
