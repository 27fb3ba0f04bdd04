"""Reads of identifiers: those of one contact, and whom a set of them leads to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q

from core.actors import Actor
from core.errors import InvalidCursor, NotFound
from core.reads import cursors
from core.reads.limits import check_limit
from core.registry import types
from core.registry.derive import field
from core.registry.feeds import Feed, FeedPage
from core.registry.fields import Shape
from crm.models import Contact, Identifier, IdentifierKind

# A phone that this many share tells nobody from anybody.
MOST_CANDIDATES = 20
SIGNATURE = "identifiers"
PHONE = IdentifierKind.PHONE

_NAMES = (
    "id", "kind", "system", "value", "confidence", "evidence", "first_seen_at", "last_seen_at", "is_primary",
)  # fmt: skip
FIELDS = tuple(field(Identifier, name, nullable=False) for name in _NAMES)
ITEM = Shape(title="ContactIdentifier", fields=FIELDS)


@dataclass(frozen=True, slots=True)
class Key:
    """What an identifier is told by."""

    kind: str
    value: str
    system: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """An identifier that leads to a contact."""

    key: Key
    contact_id: UUID
    name: str | None
    confidence: Decimal


def matches(keys: Sequence[Key], *, actor: Actor) -> list[Match]:
    """Who is known by these, among the live contacts that the actor may see; of one phone at most 21."""
    found: list[Match] = []
    visible = Contact.objects.visible_to(actor).alive().values("pk")
    for key in keys:
        rows = Identifier.objects.alive().filter(kind=key.kind, system=key.system, value=key.value)
        rows = rows.filter(contact__deleted_at__isnull=True)
        if not actor.is_superuser:
            rows = rows.filter(contact__in=visible)
        values = rows.order_by("contact_id", "-confidence").distinct("contact_id")
        for contact_id, name, confidence in values.values_list("contact_id", "contact__name", "confidence")[
            : MOST_CANDIDATES + 1
        ]:
            found.append(Match(key, contact_id, name, confidence))
    return found


def holder(key: Key) -> Identifier | None:
    """The live identifier of a kind that only one contact can have."""
    found: Identifier | None = (
        Identifier.objects.alive().filter(kind=key.kind, system=key.system, value=key.value).first()
    )
    return found


def identifiers_feed() -> Feed:
    """The feed `identifiers` of contacts."""
    doc = "What the contact is known by: its own e-mail address, phone and external id first, then the others."
    return Feed("identifiers", ITEM, fetch, doc)


def fetch(*, actor: Actor, record_id: UUID, limit: int = 50, after: str | None = None, at: datetime) -> FeedPage:
    """A page of a contact's identifiers; without a grant on identifiers only what the contact's own columns show.

    Raises Forbidden, NotFound, InvalidCursor.
    """
    check_limit(limit)
    actor.require("contact", "view")
    if not Contact.objects.visible_to(actor).alive().filter(pk=record_id).exists():
        raise NotFound(entity="contact", id=str(record_id))
    rows = Identifier.objects.alive().filter(contact=record_id)
    if not actor.may("identifier", "view"):
        rows = rows.filter(is_primary=True)
    if after is not None:
        is_primary, key = _position(after)
        later = Q(is_primary=is_primary, id__gt=key)
        rows = rows.filter(later | Q(is_primary=False) if is_primary else later)
    found = list(rows.order_by("-is_primary", "id").values(*_NAMES)[: limit + 1])
    items = [_item(row) for row in found[:limit]]
    last = found[limit - 1] if len(found) > limit else None
    return FeedPage(items, cursors.encode(SIGNATURE, [last["is_primary"], str(last["id"])]) if last else None)


def _item(row: dict[str, Any]) -> dict[str, Any]:
    return {item.name: item.type.dump(row[item.name]) for item in FIELDS}


def _position(cursor: str) -> tuple[bool, UUID]:
    is_primary, key = cursors.decode(SIGNATURE, cursor, 2)
    try:
        return bool(is_primary), types.Id().parse(key)
    except types.TypeFault:
        raise InvalidCursor() from None


def by_contact(found: Iterable[Match]) -> dict[UUID, list[Match]]:
    """Matches by contact, in the order of their ids."""
    grouped: dict[UUID, list[Match]] = {}
    for match in sorted(found, key=lambda item: item.contact_id):
        grouped.setdefault(match.contact_id, []).append(match)
    return grouped


def strongest(found: Iterable[Match]) -> Decimal:
    """The confidence of the surest match."""
    return max((match.confidence for match in found), default=Decimal(0))
