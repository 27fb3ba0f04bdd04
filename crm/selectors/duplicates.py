"""Who may be the same person as a contact: candidates from indexed blocks, scored from 0 to 1, with reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings

from core.actors import Actor
from core.errors import NotFound
from core.reads.limits import check_limit
from core.registry import types
from core.registry.feeds import Feed, FeedPage
from core.registry.fields import Field, ListOf, Shape
from crm.models import Contact
from crm.selectors import duplicate_blocks, ranked
from crm.selectors.duplicate_scoring import Signal, reasons, score, signals
from crm.types import Share

SIGNATURE = "duplicates"
REASON = Shape(
    title="DuplicateReason",
    fields=(
        Field("signal", types.Text(), "What was compared: name, phone, email...", nullable=False),
        Field("text", types.Text(), 'Readable: "same phone", "name 0.94".', nullable=False),
        Field(
            "weight",
            types.DecimalNumber(max_digits=4, places=3),
            "How much it says by itself; what is different takes away.",
            nullable=False,
        ),
    ),
)
ITEM = Shape(
    title="Duplicate",
    fields=(
        Field("contact_id", types.Id(), "The other contact.", nullable=False),
        Field("name", types.Text()),
        Field("score", Share(), "How sure it is that they are one person, from 0 to 1.", nullable=False),
        Field("reasons", ListOf(REASON), "What speaks for it, the most telling first.", nullable=False),
    ),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Another contact, how likely it is the same person, and why."""

    contact_id: UUID
    name: str | None
    score: Decimal
    signals: tuple[Signal, ...]


def duplicates_feed() -> Feed:
    """The feed `duplicates` of contacts."""
    return Feed("duplicates", ITEM, fetch, "Who may be the same person, the surest first, with reasons.")


def fetch(*, actor: Actor, record_id: UUID, limit: int = 50, after: str | None = None, at: datetime) -> FeedPage:
    """A page of the candidates among whom the actor may see. Raises Forbidden, NotFound, InvalidCursor."""
    check_limit(limit)
    actor.require("contact", "view")
    if not Contact.objects.visible_to(actor).alive().filter(pk=record_id).exists():
        raise NotFound(entity="contact", id=str(record_id))
    found = candidates(record_id, actor=actor, at=at)
    page, following = ranked.page(found, _order, signature=SIGNATURE, limit=limit, after=after)
    return FeedPage([_item(item) for item in page], following)


def candidates(contact_id: UUID, *, actor: Actor, at: datetime) -> list[Candidate]:
    """Who scores at least DUPLICATE_THRESHOLD, the surest first, ties by id."""
    rows = duplicate_blocks.around(contact_id, actor=actor, at=at)
    me = rows.pop(contact_id)
    scored = [_candidate(row, signals(me, row)) for row in rows.values()]
    threshold = Decimal(str(settings.DUPLICATE_THRESHOLD))
    return sorted((item for item in scored if item.score >= threshold), key=_order)


def _candidate(row: Mapping[str, Any], found: tuple[Signal, ...]) -> Candidate:
    return Candidate(row["id"], row["name"], score(found), found)


def _order(item: Candidate) -> tuple[Decimal, UUID]:
    return -item.score, item.contact_id


def _item(item: Candidate) -> dict[str, Any]:
    return {
        "contact_id": str(item.contact_id),
        "name": item.name,
        "score": f"{item.score:.3f}",
        "reasons": reasons(item.signals),
    }
