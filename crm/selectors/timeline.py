"""The timeline of a contact or a company: everything that happened, newest first, in one keyset-paged stream.

Every branch is limited before they are put together, so a page costs as much at a million rows as at a hundred.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from django.db.models import CharField, DateTimeField, F, Q, QuerySet, UUIDField, Value
from django.db.models.functions import Cast, JSONObject

from core.actors import SYSTEM, Actor
from core.database.compiled import Slot, Statement, compiled
from core.database.planning import planned_by_indexes
from core.errors import InvalidCursor, NotFound
from core.reads import cursors
from core.reads.limits import check_limit
from core.reads.statements import Reach
from core.registry import types
from core.registry.feeds import Feed, FeedPage
from core.registry.fields import Field, Shape
from crm.models import Company, Contact
from crm.selectors.timeline_branches import BRANCHES, Branch

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
WHAT = types.Choice(options=KINDS)
KIND = Field("kind", WHAT, "Only entries of this kind.")

ITEM = Shape(
    title="TimelineItem",
    fields=(
        Field("id", types.Id(), "Of the entry.", nullable=False),
        Field("kind", WHAT, "What happened.", nullable=False),
        Field("at", types.DateTime(), "When it happened.", nullable=False),
        Field("title", types.Text(), "In a few words."),
        Field("detail", types.Json(), "What is worth showing of it, by name.", nullable=False),
        Field("entity", types.Text(), "The kind of record it is about.", nullable=False),
        Field("record_id", types.Id(), "The record it is about.", nullable=False),
    ),
)


def timeline_feed(entity: str, model: type[Contact | Company]) -> Feed:
    """The feed `timeline` of contacts or of companies."""
    doc = "Everything that happened, newest first; `kind` says what it was."
    return Feed("timeline", ITEM, partial(fetch, entity, model), doc, filters=(KIND,))


def fetch(
    entity: str,
    model: type[Contact | Company],
    *,
    actor: Actor,
    record_id: UUID,
    limit: int = 50,
    after: str | None = None,
    at: datetime,
    kind: str | None = None,
) -> FeedPage:
    """A page of the timeline, with what the actor may see of it, or of one kind of entry.

    Raises Forbidden, NotFound, InvalidCursor.
    """
    check_limit(limit)
    actor.require(entity, "view")
    if not model.objects.visible_to(actor).alive().filter(pk=record_id).exists():
        raise NotFound(entity=entity, id=str(record_id))
    values = dict(zip(("moment", "key"), _position(after), strict=True)) if after is not None else {}
    statement = _page(entity, model, Reach.of(actor), limit + 1, after is not None, kind)
    if statement is None:
        return FeedPage([], None)
    with planned_by_indexes():
        rows = statement.run(record=record_id, **values)
    found = [(*row[:4], json.loads(row[4]), *row[5:]) for row in rows]
    items = [_item(*row) for row in found[:limit]]
    return FeedPage(items, _cursor(items[-1]) if len(found) > limit else None)


@lru_cache(maxsize=1024)
def _page(
    entity: str, model: type[Contact | Company], reach: Reach, length: int, continued: bool, kind: str | None = None
) -> Statement | None:
    """The statement of a page, for whoever reaches as much: compiling and planning it costs more than its rows.

    None where the actor may see nothing of this kind, or such a customer has none.
    """
    branches = [item for item in BRANCHES if item.only in {None, model} and kind in {None, item.kind}]
    branches = [item for item in branches if reach.actor.may(item.entity, "view")]
    before = (Slot("moment", DateTimeField()), Slot("key", UUIDField())) if continued else None
    parts = [_rows(item, reach.actor, entity, Slot("record", UUIDField()), before)[:length] for item in branches]
    if not parts:
        return None
    if not parts[1:]:
        return compiled(parts[0])
    rows: Any = parts[0].union(*parts[1:], all=True).order_by("-entry_at", "-entry_id")
    return compiled(rows[:length])


def everything(entity: str, model: type[Contact | Company], record_id: UUID) -> Iterator[dict[str, Any]]:
    """The whole timeline, newest first, whoever may see what of it; in one query and bounded memory."""
    branches = [item for item in BRANCHES if item.only in {None, model}]
    first, *others = (_rows(item, SYSTEM, entity, record_id, None).order_by() for item in branches)
    rows: Any = first.union(*others, all=True).order_by("-entry_at", "-entry_id")
    return (_item(*row) for row in rows.iterator(chunk_size=1_000))


def _rows(
    branch: Branch, actor: Actor, entity: str, record_id: UUID | Slot, before: tuple[Slot, Slot] | None
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
        "entry_detail": JSONObject(**_told(branch, actor)),
        "entry_entity": Value(branch.entity, CharField()),
        "entry_record": F(branch.record),
    }
    ordered: QuerySet[Any, Any] = rows.order_by(f"-{branch.at}", "-id").annotate(**columns).values_list(*columns)
    return ordered


def _told(branch: Branch, actor: Actor) -> dict[str, Any]:
    """The details that the actor may see: who did it may be one of us, or another partner's."""
    return {name: value for name, value in branch.detail.items() if name != "by" or not actor.is_partners}


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
