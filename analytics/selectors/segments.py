"""Reading segments: their members, how they grew, and what criteria would find."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from analytics.models import Segment, SegmentChange, SegmentMembership
from core import criteria, registry
from core.actors import Actor
from core.errors import Invalid, InvalidCriteria, NotFound
from core.reads import cursors
from core.reads.limits import check_limit
from core.registry import types
from core.registry.feeds import Feed, FeedPage
from core.registry.fields import Field, Shape
from crm.models import Contact

SAMPLE = 10
MEMBER = Shape(
    title="SegmentMember",
    fields=(
        Field("contact_id", types.Id(), nullable=False),
        Field("name", types.Text()),
        Field("entered_at", types.DateTime(), "Since when it is a member.", nullable=False),
    ),
)
SIZE_CHANGE = Shape(
    title="SegmentSizeChange",
    fields=(
        Field("at", types.DateTime(), nullable=False),
        Field("entered", types.Integer(), "How many came.", nullable=False),
        Field("left", types.Integer(), "How many went.", nullable=False),
        Field("size", types.Integer(), "How many there were then; null while it is being counted."),
    ),
)


def members_feed() -> Feed:
    return Feed("members", MEMBER, members, "Who is in it, in the order of their ids, as far as the caller sees them.")


def sizes_feed() -> Feed:
    return Feed("history", SIZE_CHANGE, sizes, "How its size changed, the latest first: who came, who went.")


def members(*, actor: Actor, record_id: UUID, limit: int = 50, after: str | None = None, at: datetime) -> FeedPage:
    """A page of the members that the actor may see. Raises Forbidden, NotFound, InvalidCursor."""
    _require(actor, record_id, limit)
    actor.require("contact", "view")
    rows = SegmentMembership.objects.filter(segment=record_id, deleted_at__isnull=True)
    rows = rows.filter(contact__in=Contact.objects.visible_to(actor).alive())
    if after is not None:
        (position,) = cursors.decode("members", after, 1)
        rows = rows.filter(contact_id__gt=UUID(str(position)))
    found = list(rows.order_by("contact_id").values_list("contact_id", "contact__name", "entered_at")[: limit + 1])
    items = [
        {"contact_id": str(key), "name": name, "entered_at": types.DateTime().dump(since)}
        for key, name, since in found[:limit]
    ]
    return FeedPage(items, cursors.encode("members", [str(found[limit - 1][0])]) if len(found) > limit else None)


def sizes(*, actor: Actor, record_id: UUID, limit: int = 50, after: str | None = None, at: datetime) -> FeedPage:
    """A page of the changes of its size. Raises Forbidden, NotFound, InvalidCursor."""
    _require(actor, record_id, limit, deleted=True)
    rows = SegmentChange.objects.filter(segment=record_id).order_by("-id")
    if after is not None:
        (position,) = cursors.decode("sizes", after, 1)
        rows = rows.filter(id__lt=int(position))
    found = list(rows[: limit + 1])
    items = [
        {"at": types.DateTime().dump(item.at), "entered": item.entered, "left": item.left, "size": item.size}
        for item in found[:limit]
    ]
    return FeedPage(items, cursors.encode("sizes", [found[limit - 1].pk]) if len(found) > limit else None)


def preview(*, actor: Actor, at: datetime, filter: Mapping[str, Any]) -> dict[str, Any]:
    """How many contacts criteria find, and some of them, as the caller sees them. Raises Invalid with pointers."""
    actor.require("contact", "view")
    try:
        condition = criteria.to_q(registry.entity("contact"), filter, actor=actor, at=at)
    except InvalidCriteria as refusal:
        raise Invalid(refusal.below("/filter")) from None
    rows = Contact.objects.visible_to(actor).alive().filter(erased_at__isnull=True).filter(condition)
    sample = rows.order_by("-id").values_list("id", "name")[:SAMPLE]
    return {"count": rows.count(), "sample": [{"contact_id": str(key), "name": name} for key, name in sample]}


def seen(actor: Actor, record_id: UUID) -> Segment:
    """The segment, if the actor may see it. Raises Forbidden, NotFound."""
    actor.require("segment", "view")
    found = Segment.objects.visible_to(actor).alive().filter(pk=record_id).first()
    if found is None:
        raise NotFound(entity="segment", id=str(record_id))
    assert isinstance(found, Segment)  # noqa: S101 - for the type checker
    return found


def _require(actor: Actor, record_id: UUID, limit: int, *, deleted: bool = False) -> None:
    """deleted: whether those who may restore it see it, too."""
    check_limit(limit)
    actor.require("segment", "view")
    rows = Segment.objects.filter(pk=record_id)
    if not (rows.visible_to(actor).alive().exists() or (deleted and rows.visible_to(actor, "restore").exists())):
        raise NotFound(entity="segment", id=str(record_id))
