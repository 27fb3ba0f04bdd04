"""Tying records to contacts by evidence, and undoing it exactly.

Locks are taken in one order everywhere: contacts by their keys, then the tie, then the record; merges, which move ties
and records, begin with the contacts too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django.db import transaction

from core import events, registry
from core.actors import SYSTEM, Actor
from core.errors import Conflict, Invalid, NotFound, PersonErased
from core.history.context import acting
from core.writes.base import Write, Writes
from crm.errors import AlreadyUntied, NeedsCustomer, TiedAlready, TieNotCarried, TieSuperseded
from crm.models import Contact, Event, Order, Tie, TieKind, TieMethod, Touch
from crm.services import tied_sources, visitor_ties

# A merge that moves the tie while it is being undone makes us begin again; so many in a row do not happen.
ATTEMPTS = 5

ties: Writes[Tie] = Writes("tie")


@dataclass(frozen=True, slots=True)
class Proof:
    """What tells that a record is a contact's. `details` hold no more of the person than is needed to check it."""

    evidence: str
    confidence: Decimal
    method: str
    details: Mapping[str, Any] = field(default_factory=dict)
    matched_event_id: UUID | None = None
    matched_order_id: UUID | None = None


class _Moved(Exception):
    """The tie came to another contact while we waited for the lock of the first."""


def tie(
    *,
    kind: str,
    actor: Actor,
    record_id: UUID,
    at: datetime,
    contact_id: UUID,
    evidence: str,
    details: Mapping[str, Any] | None = None,
    confidence: Decimal | None = None,
    matched_event_id: UUID | None = None,
    matched_order_id: UUID | None = None,
    supersedes: UUID | None = None,
) -> UUID:
    """Make a contact the one of a record of that kind, on evidence. What is theirs already stays as it is.

    supersedes: the tie by which the record has its present contact; without it what is another's is refused.
    Raises NotFound, Forbidden, Invalid, TiedAlready.
    """
    actor.require(kind, "tie")
    sure = Decimal(1) if confidence is None else confidence
    proof = Proof(evidence, sure, TieMethod.MANUAL, details or {}, matched_event_id, matched_order_id)
    return _undisturbed(
        lambda: _tie(kind, record_id, contact_id, proof, supersedes=supersedes, actor=actor, at=at), actor, at
    )


def tie_found(*, kind: str, record_id: UUID, contact_id: UUID, proof: Proof, at: datetime) -> bool:
    """Tie what was found out by itself; False where it is somebody's by now, or the contact takes nothing more."""
    try:
        _undisturbed(lambda: _tie(kind, record_id, contact_id, proof, supersedes=None, actor=SYSTEM, at=at), SYSTEM, at)
    except (Conflict, Invalid, NotFound):
        return False
    return True


def untie(*, actor: Actor, record_id: UUID, at: datetime) -> UUID:
    """Undo a tie: whatever it gave to the contact goes back to whose it was before, all or nothing.

    Raises NotFound, Forbidden, AlreadyUntied, TieSuperseded (tied again since), TieNotCarried (changed otherwise),
    NeedsCustomer.
    """
    actor.require("tie", "untie")
    return _undisturbed(lambda: _untie(actor, record_id, at), actor, at)


def draft(
    kind: str,
    record_id: UUID | None,
    contact_id: UUID,
    proof: Proof,
    *,
    by: str,
    at: datetime,
    previous_id: UUID | None = None,
) -> Tie:
    """A tie that is not stored yet."""
    made = Tie(
        contact_id=contact_id, previous_contact_id=previous_id, kind=kind, evidence=proof.evidence,
        details=dict(proof.details), confidence=proof.confidence, method=proof.method, at=at, by=by,
        matched_event_id=proof.matched_event_id, matched_order_id=proof.matched_order_id, created_at=at, updated_at=at,
    )  # fmt: skip
    if record_id is not None:
        setattr(made, f"{kind}_id", record_id)
    return made


def keep(made: Sequence[Tie], *, actor: Actor, at: datetime) -> None:
    """Store ties, in the transaction that ties, and tell of them."""
    Tie.objects.bulk_create(made)
    events.publish(*(_told(one, "tied") for one in made), actor=actor, at=at)


def _undisturbed(work: Callable[[], UUID], actor: Actor, at: datetime) -> UUID:
    """Do it in a transaction, from the start again where somebody moved what it found before it had the locks."""
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic():
                acting(actor, at)
                return work()
        except _Moved:
            continue
    raise Conflict("The contact is being merged; try again.")


def _tie(
    kind: str, record_id: UUID, contact_id: UUID, proof: Proof, *, supersedes: UUID | None, actor: Actor, at: datetime
) -> UUID:
    writes = _writes(kind)
    _check_matched(proof, record_id, actor)
    rows = writes.entity.model._default_manager.filter(pk=record_id).visible_to(actor)
    seen = list(rows.alive().values_list("contact_id", flat=True)[:1])
    if not seen:
        raise NotFound(entity=kind, id=str(record_id))
    previous: UUID | None = seen[0]
    contact = _contact(actor, contact_id, _locked({contact_id, previous}))
    record: Any = writes.lock(actor=actor, record_id=record_id, action="tie")
    if record.contact_id == contact.pk:
        return record_id
    has_moved = record.contact_id != previous
    if has_moved:
        raise _Moved
    if previous is not None:
        _check_superseded(kind, record_id, previous, supersedes, actor)
    elif supersedes is not None:
        raise Invalid.one("/supersedes", "not_tied", "The record is nobody's by now.")
    made = draft(kind, record_id, contact.pk, proof, by=actor.label, at=at, previous_id=previous)
    source = tied_sources.of(contact.pk)
    _give(writes, record, contact.pk, actor, at)
    made.filled = tied_sources.filled(source, contact.pk)
    writes.require_within_scope(actor, "tie", record)
    keep([made], actor=actor, at=at)
    return record_id


def _untie(actor: Actor, tie_id: UUID, at: datetime) -> UUID:
    row = Tie.objects.alive().visible_to(actor).filter(pk=tie_id).values_list("contact_id", "previous_contact_id")
    seen = set(row.first() or ()) - {None}
    _locked(seen)
    found = ties.lock(actor=actor, record_id=tie_id, action="untie")
    if {found.contact_id, found.previous_contact_id} - {None} != seen:
        raise _Moved
    if found.untied_at is not None:
        raise AlreadyUntied(tie_id=str(tie_id), untied_at=found.untied_at.isoformat())
    if found.kind == TieKind.VISITOR:
        visitor_ties.give_back(found, at=at)
    else:
        _give_back(found, actor, at)
    tied_sources.empty(found, at=at)
    found.untied_at, found.untied_by = at, actor.label
    found.version, found.updated_at = found.version + 1, at
    found.save(force_update=True)
    events.publish(_told(found, "untied"), actor=actor, at=at)
    return found.pk


def _give_back(found: Tie, actor: Actor, at: datetime) -> None:
    record_id = record_of(found)
    writes = _writes(found.kind)
    # Deleted records too: what is restored later must not come back to whom it was untied from.
    rows = writes.entity.model._default_manager.filter(pk=record_id).select_for_update(of=("self",), no_key=True)
    record = rows.first()
    if record is None:
        raise TieNotCarried(tie_id=str(found.pk))
    present = _present(found.kind, record_id)
    if present is not None and present.pk != found.pk:
        raise TieSuperseded(tie_id=str(found.pk), later_tie_id=str(present.pk))
    if record.contact_id != found.contact_id:
        raise TieNotCarried(tie_id=str(found.pk))
    if found.previous_contact_id is None and not _may_be_nobodys(record):
        raise NeedsCustomer(tie_id=str(found.pk))
    _give(writes, record, found.previous_contact_id, actor, at)


def _give(writes: Writes[Any], record: Any, contact_id: UUID | None, actor: Actor, at: datetime) -> None:
    """Only the contact: nothing follows from it that would have to be undone too."""
    change = Write(
        actor=actor, at=at, record=record, values={}, created=False, before={"contact_id": record.contact_id}
    )
    record.contact_id = contact_id
    record.version, record.updated_at = record.version + 1, at
    record.save(update_fields=["contact", "version", "updated_at"])
    if not isinstance(record, Event):
        events.publish(writes.event("updated", change), actor=actor, at=at)


def _may_be_nobodys(record: Any) -> bool:
    if isinstance(record, Touch):
        return record.anonymous_id is not None
    return isinstance(record, Event) or record.company_id is not None


def record_of(found: Tie) -> UUID:
    """The id of the one record that was tied."""
    key: UUID = getattr(found, f"{found.kind}_id")
    return key


def _present(kind: str, record_id: UUID) -> Tie | None:
    """The tie by which the record has its contact: the last that was not undone."""
    held: Tie | None = Tie.objects.alive().filter(untied_at=None, **{kind: record_id}).order_by("-pk").first()
    return held


def _check_superseded(kind: str, record_id: UUID, contact_id: UUID, supersedes: UUID | None, actor: Actor) -> None:
    """What is a contact's otherwise than by the tie named is not taken from them."""
    present = _present(kind, record_id)
    if present is None:
        present = visitor_ties.holding(_writes(kind).entity.model, record_id, contact_id)
    if present is not None and present.contact_id != contact_id:
        present = None
    if present is not None and present.pk == supersedes:
        return
    about: dict[str, Any] = {}
    if Contact.objects.visible_to(actor).alive().filter(pk=contact_id).exists():
        about = {"contact_id": str(contact_id)} | ({"tie_id": str(present.pk)} if present is not None else {})
    raise TiedAlready(**about)


def _locked(ids: Iterable[UUID | None]) -> dict[UUID, Contact]:
    """Whoever merges or deletes them waits, or we do; in the order of their keys, so that nobody waits in a circle."""
    wanted = {key for key in ids if key is not None}
    rows = Contact.objects.filter(pk__in=wanted).order_by("pk").select_for_update(of=("self",), no_key=True)
    return {row.pk: row for row in rows}


def _contact(actor: Actor, contact_id: UUID, found: Mapping[UUID, Contact]) -> Contact:
    contact = found.get(contact_id)
    if contact is None or not Contact.objects.visible_to(actor).alive().filter(pk=contact_id).exists():
        raise Invalid.one("/contact_id", "not_found", "There is no such record.")
    if contact.erased_at is not None:
        raise PersonErased(contact_id=str(contact_id))
    return contact


def _check_matched(proof: Proof, record_id: UUID, actor: Actor) -> None:
    for name, model in (("matched_event_id", Event), ("matched_order_id", Order)):
        wanted = getattr(proof, name)
        if wanted == record_id and wanted is not None:
            raise Invalid.one(f"/{name}", "same", "A record is not matched with itself.")
        if wanted is not None and not model.objects.visible_to(actor).alive().filter(pk=wanted).exists():
            raise Invalid.one(f"/{name}", "not_found", "There is no such record.")


def _told(found: Tie, verb: str) -> events.Event:
    """Of a visitor it is told as of events, with counts."""
    payload: dict[str, Any] = {"tie_id": str(found.pk), "contact_id": str(found.contact_id)}
    if found.kind == TieKind.VISITOR:
        return events.Event(f"event.{verb}", payload | {"entity": "tie", "id": str(found.pk), "counts": found.counts})
    return events.Event(f"{found.kind}.{verb}", payload | {"entity": found.kind, "id": str(record_of(found))})


def _writes(kind: str) -> Writes[Any]:
    return cast("Writes[Any]", registry.entity(kind).writes)
