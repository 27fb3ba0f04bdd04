"""Whose a record that is nobody's may be: contacts with their evidence, the surest first."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from math import prod
from operator import itemgetter
from typing import Any
from uuid import UUID

from core.actors import Actor
from core.errors import NotFound
from core.reads.limits import check_limit
from core.registry import types
from core.registry.derive import field
from core.registry.feeds import Feed, FeedPage
from core.registry.fields import Field, ListOf, Shape
from crm.models import Contact, Event, Interaction, Order, Tie
from crm.selectors import ranked, tie_signals
from crm.selectors.tie_signals import Signal
from crm.types import Share

SIGNATURE = "tie_candidates"
_MODELS: dict[str, Any] = {"event": Event, "interaction": Interaction, "order": Order}
EVIDENCE = Shape(
    title="TieCandidateEvidence",
    fields=(
        field(Tie, "evidence", nullable=False, doc="What speaks for it; `tie` takes the same word."),
        Field("text", types.Text(), 'Readable: "same loyalty card", "name 0.94".', nullable=False),
        Field("weight", Share(), "How sure it would be by itself.", nullable=False),
        Field("matched_event_id", types.Id(), "The event of the contact that it was seen in."),
        Field("matched_order_id", types.Id(), "The order of the contact that it was seen in."),
    ),
)
ITEM = Shape(
    title="TieCandidate",
    fields=(
        Field("contact_id", types.Id(), "Whose it may be.", nullable=False),
        Field("name", types.Text()),
        Field("confidence", Share(), "How sure that is by all the evidence, from 0 to 1.", nullable=False),
        Field("evidence", ListOf(EVIDENCE), "What speaks for it, the most telling first.", nullable=False),
        Field("untied_at", types.DateTime(), "When it was untied from this contact; null where it was not."),
    ),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A contact whose the record may be, how sure that is, and why."""

    contact_id: UUID
    name: str | None
    confidence: Decimal
    signals: tuple[Signal, ...]
    untied_at: datetime | None


def tie_candidates_feed(kind: str) -> Feed:
    """The feed `tie-candidates` of records of this kind."""
    doc = "Whose it may be, the surest first, with evidence; nobody where it is a contact's already."
    return Feed("tie-candidates", ITEM, partial(fetch, kind), doc)


def fetch(
    kind: str, *, actor: Actor, record_id: UUID, limit: int = 50, after: str | None = None, at: datetime
) -> FeedPage:
    """A page of the candidates among the contacts that the actor may see. Raises Forbidden, NotFound, InvalidCursor."""
    check_limit(limit)
    actor.require(kind, "view")
    record = _MODELS[kind].objects.visible_to(actor).alive().filter(pk=record_id).first()
    if record is None:
        raise NotFound(entity=kind, id=str(record_id))
    found = candidates(kind, record, actor=actor)
    page, following = ranked.page(found, _order, signature=SIGNATURE, limit=limit, after=after)
    return FeedPage([_item(item) for item in page], following)


def candidates(kind: str, record: Event | Interaction | Order, *, actor: Actor) -> list[Candidate]:
    """Everybody for whom something speaks, the surest first, equals by id."""
    if record.contact_id is not None:
        return []
    told: dict[UUID, list[Signal]] = {}
    for signal in tie_signals.signals(record, actor=actor):
        told.setdefault(signal.contact_id, []).append(signal)
    rows = Contact.objects.visible_to(actor).alive().filter(pk__in=list(told), erased_at=None)
    undone = _untied(kind, record.pk, list(told), actor)
    made = [
        Candidate(key, name, _confidence(told[key]), _sorted(told[key]), undone.get(key))
        for key, name in rows.values_list("pk", "name")
    ]
    return sorted(made, key=_order)


def _untied(kind: str, record_id: UUID, people: Collection[UUID], actor: Actor) -> dict[UUID, datetime]:
    """From which of these the record was untied, and when last: alone, or with all that its visitor did."""
    rows = Tie.objects.visible_to(actor).filter(contact__in=people, untied_at__isnull=False)
    alone = rows.filter(**{kind: record_id}).values_list("contact_id", "untied_at")
    whole = rows.filter(rows__model=_MODELS[kind]._meta.label, rows__ids__contains=[record_id])
    return dict(sorted([*alone, *whole.values_list("contact_id", "untied_at")], key=itemgetter(1)))


def _confidence(found: Iterable[Signal]) -> Decimal:
    """All together: each takes its share of the doubt that the others leave. What says the same counts once."""
    best: dict[str, float] = {}
    for item in found:
        best[item.evidence] = max(item.weight, best.get(item.evidence, 0))
    doubts = (1 - Decimal(str(weight)) for weight in best.values())
    return (1 - prod(doubts, start=Decimal(1))).quantize(Decimal("0.001"))


def _sorted(found: Iterable[Signal]) -> tuple[Signal, ...]:
    return tuple(sorted(found, key=lambda item: (-item.weight, item.evidence, item.text)))


def _order(item: Candidate) -> tuple[Decimal, UUID]:
    return -item.confidence, item.contact_id


def _item(item: Candidate) -> dict[str, Any]:
    return {
        "contact_id": str(item.contact_id),
        "name": item.name,
        "confidence": str(item.confidence),
        "evidence": [_evidence(signal) for signal in item.signals],
        "untied_at": types.DateTime().dump(item.untied_at),
    }


def _evidence(signal: Signal) -> dict[str, Any]:
    return {
        "evidence": str(signal.evidence),
        "text": signal.text,
        "weight": f"{signal.weight:.3f}",
        "matched_event_id": signal.matched_event_id and str(signal.matched_event_id),
        "matched_order_id": signal.matched_order_id and str(signal.matched_order_id),
    }
