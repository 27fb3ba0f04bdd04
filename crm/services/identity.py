"""Identity: to whom identifiers lead, and linking further ones to a contact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from core import events
from core.actors import Actor
from core.database.inserts import insert
from core.errors import Duplicate, Invalid, PersonErased
from core.history.context import acting
from core.ids import new_id
from core.writes import inputs
from crm.errors import IdentifierTaken
from crm.events import CONTACT_IDENTIFIED
from crm.models import Contact, Identifier, IdentifierKind, TieEvidence, TieKind, TieMethod
from crm.selectors import identifiers as selector
from crm.selectors.identifiers import Key, Match
from crm.services import tied_sources, ties, visitor_ties
from crm.services.contacts import contacts
from crm.services.ties import Proof

RESOLVED, NONE, CONFLICT = "resolved", "none", "conflict"


def keys_of(
    *,
    email: str | None = None,
    phone: str | None = None,
    anonymous_id: str | None = None,
    external_id: str | None = None,
    external_ids: Sequence[Mapping[str, Any]] | None = None,
) -> list[Key]:
    """Cleaned input as keys, without repeats. Raises Invalid where there is none."""
    kinds = IdentifierKind
    named = ((kinds.EMAIL, email), (kinds.ANONYMOUS_ID, anonymous_id), (kinds.EXTERNAL_ID, external_id))
    found = [Key(str(kind), value) for kind, value in (*named, (kinds.PHONE, phone)) if value]
    found += [Key(str(kinds.EXTERNAL_ID), item["value"], item["system"]) for item in external_ids or ()]
    if not found:
        raise Invalid.one("", "required", "Name at least one identifier.")
    return list(dict.fromkeys(found))


def resolve(*, actor: Actor, at: datetime, **given: Any) -> dict[str, Any]:
    """The one contact that identifiers lead to, or none, or a conflict with all candidates; ready for the wire.

    A phone counts only where exactly one contact has it, or one that the others lead to is among those who have it.
    Raises Invalid, Forbidden.
    """
    actor.require("contact", "view")
    found = selector.matches(keys_of(**given), actor=actor)
    grouped = selector.by_contact(found)
    chosen = decide(found)
    status = RESOLVED if chosen else CONFLICT if grouped else NONE
    shown = {chosen: grouped[chosen]} if chosen else grouped
    return {
        "status": status,
        "contact_id": str(chosen) if chosen else None,
        "confidence": _share(selector.strongest(shown[chosen])) if chosen else None,
        "candidates": [_candidate(key, group) for key, group in list(shown.items())[: selector.MOST_CANDIDATES]],
    }


def decide(found: Sequence[Match]) -> UUID | None:
    """The contact that the matches agree on."""
    sure = {match.contact_id for match in found if match.key.kind != selector.PHONE}
    phones: dict[Key, set[UUID]] = {}
    for match in found:
        if match.key.kind == selector.PHONE:
            phones.setdefault(match.key, set()).add(match.contact_id)
    for people in phones.values():
        # A shared phone speaks for nobody; it contradicts the others only where nobody of those who have it is meant.
        sure |= people if len(people) == 1 else set()
    return next(iter(sure)) if len(sure) == 1 else None


def identify(
    *,
    actor: Actor,
    record_id: UUID,
    at: datetime,
    confidence: Decimal | None = None,
    evidence: Mapping[str, Any] | None = None,
    seen_at: datetime | None = None,
    **given: Any,
) -> UUID:
    """Link identifiers to a contact. What it has already is noted as seen again.

    What visitors by its anonymous ids did, and is nobody's, becomes the contact's, by one tie for each of them.
    Raises IdentifierTaken where another contact has one of them, or PersonErased; then nothing is linked.
    """
    actor.require("contact", "identify")
    keys = keys_of(**given)
    if seen_at is not None and seen_at > at:
        raise Invalid.one("/seen_at", "in_future", "Must not be in the future.")
    with transaction.atomic():
        acting(actor, at)
        contact = contacts.lock(actor=actor, record_id=record_id, action="identify")
        if contact.erased_at is not None:
            raise PersonErased(contact_id=str(contact.pk))
        seen = {"at": seen_at or at, "confidence": confidence, "evidence": dict(evidence or {})}
        # In one order, so that two callers who link the same ones wait for each other and never in a circle.
        keys.sort(key=lambda key: (key.kind, key.system, key.value))
        linked = [key for key in keys if _link(contact, key, seen, actor, at)]
        if linked:
            payload = {"id": str(contact.pk), "kinds": sorted({key.kind for key in linked})}
            events.publish(events.Event(CONTACT_IDENTIFIED, payload), actor=actor, at=at)
        _tie_visitors(contact, keys, confidence, actor, at)
    return contact.pk


def _tie_visitors(
    contact: Contact, keys: Sequence[Key], confidence: Decimal | None, actor: Actor, at: datetime
) -> None:
    """The contact is locked."""
    for key in keys:
        if key.kind != IdentifierKind.ANONYMOUS_ID:
            continue
        tie_id, source = new_id(), tied_sources.of(contact.pk)
        counts = visitor_ties.give(tie_id, key.value, contact.pk, at=at)
        if counts:
            known = selector.holder(key)
            proof = Proof(
                TieEvidence.ANONYMOUS_ID,
                Decimal(1) if confidence is None else confidence,
                TieMethod.AUTOMATIC,
                {"identifier_id": str(known.pk)} if known else {},
            )
            made = ties.draft(TieKind.VISITOR, None, contact.pk, proof, by=actor.label, at=at)
            made.pk, made.counts, made.filled = tie_id, counts, tied_sources.filled(source, contact.pk)
            ties.keep([made], actor=actor, at=at)


def _link(contact: Contact, key: Key, seen: Mapping[str, Any], actor: Actor, at: datetime) -> bool:
    """Whether the contact has it only now."""
    own = Identifier.objects.alive().filter(contact=contact, kind=key.kind, system=key.system, value=key.value)
    known = own.select_for_update(no_key=True).first()
    if known is None:
        _add(contact, key, seen, actor, at)
        return True
    changed = dict(_news(known, seen))
    if changed and not known.is_primary:
        for name, value in changed.items():
            setattr(known, name, value)
        known.version, known.updated_at = known.version + 1, at
        known.save(force_update=True)
    return False


def _news(known: Identifier, seen: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if seen["at"] > known.last_seen_at:
        yield "last_seen_at", seen["at"]
    if seen["at"] < known.first_seen_at:
        yield "first_seen_at", seen["at"]
    if seen["confidence"] is not None and seen["confidence"] != known.confidence:
        yield "confidence", seen["confidence"]
    if seen["evidence"] and seen["evidence"] != known.evidence:
        yield "evidence", seen["evidence"]


def _add(contact: Contact, key: Key, seen: Mapping[str, Any], actor: Actor, at: datetime) -> None:
    row = Identifier(
        contact=contact, kind=key.kind, system=key.system, value=key.value, evidence=seen["evidence"],
        confidence=Decimal(1) if seen["confidence"] is None else seen["confidence"],
        first_seen_at=seen["at"], last_seen_at=seen["at"], created_at=at, updated_at=at,
    )  # fmt: skip
    try:
        with transaction.atomic(), inputs.translated_integrity():
            insert(row)
    except Duplicate as refusal:
        raise _taken(key, actor) from refusal
    payload = {"entity": "identifier", "id": str(row.pk)}
    events.publish(events.Event("identifier.created", payload), actor=actor, at=at)


def _taken(key: Key, actor: Actor) -> IdentifierTaken:
    """Who has it is told to those who may see them."""
    other = selector.holder(key)
    about: dict[str, Any] = {"kind": key.kind, "system": key.system, "value": key.value}
    if other is not None and Contact.objects.visible_to(actor).alive().filter(pk=other.contact_id).exists():
        about["contact_id"] = str(other.contact_id)
    return IdentifierTaken(**about)


def _candidate(contact_id: UUID, group: Sequence[Match]) -> dict[str, Any]:
    matched = [{"kind": match.key.kind, "system": match.key.system, "value": match.key.value} for match in group]
    return {
        "contact_id": str(contact_id),
        "name": group[0].name,
        "confidence": _share(selector.strongest(group)),
        "matched": matched,
    }


def _share(value: Decimal) -> str:
    return str(value.quantize(Decimal("0.001")))
