"""Merging contacts and undoing it: who may, what is refused, and what is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from core import events, registry
from core.actors import Actor
from core.errors import FieldError, Forbidden, Invalid, NotFound, PersonErased
from core.history.context import acting
from core.reads.missing import missing
from core.writes import inputs
from crm.errors import AlreadyMerged, MergeNotUndoable, NotMerged, WinnerMerged
from crm.events import CONTACT_MERGED, CONTACT_UNMERGED
from crm.models import Contact, Merge
from crm.services import locks
from crm.services.contacts import contacts
from crm.services.merging import engine
from crm.services.merging.contacts import CONTACTS
from crm.services.merging.rules import SIDES

MOST = 100


def merge(
    *,
    actor: Actor,
    record_id: UUID,
    at: datetime,
    contact_id: UUID | None = None,
    contact_ids: Sequence[UUID] | None = None,
    fields: Mapping[str, Any] | None = None,
) -> UUID:
    """Merge other contacts into this one, which stays. All or none.

    fields: by field the side, `winner` or `loser`, whose value counts; `custom.<key>` for one custom field.
    Raises NotFound, Forbidden, Invalid, AlreadyMerged, PersonErased.
    """
    actor.require("contact", "merge")
    losers = list(dict.fromkeys([*([contact_id] if contact_id else []), *(contact_ids or ())]))
    _check_losers(record_id, losers)
    chosen = _chosen(fields or {})
    with transaction.atomic():
        acting(actor, at)
        # Unites tags: nobody renames one in the meantime.
        locks.shared(locks.Subject.TAGS)
        found = _locked([record_id, *losers])
        winner = _mergeable(actor, found.get(record_id), record_id)
        for key in losers:
            loser = _loser(actor, found.get(key), key)
            record = engine.merge(CONTACTS, winner=winner, loser=loser, chosen=chosen, by=actor.label, at=at)
            _publish(CONTACT_MERGED, record, actor, at)
        contacts.require_within_scope(actor, "update", winner)
    return record_id


def unmerge(
    *,
    actor: Actor,
    record_id: UUID,
    at: datetime,
    contact_id: UUID | None = None,
    merge_id: UUID | None = None,
) -> UUID:
    """Undo a merge: of the contact named, whether it is the one that was merged or the one that stayed.

    Without `contact_id` (the one that was merged) or `merge_id` the last merge into the contact is undone.
    Raises NotFound, Forbidden, NotMerged, WinnerMerged, MergeNotUndoable, Duplicate (its address was taken since).
    """
    actor.require("contact", "merge")
    with transaction.atomic():
        acting(actor, at)
        locks.shared(locks.Subject.TAGS)
        record = _wanted(actor, record_id, contact_id, merge_id)
        found = _locked([record.winner_id, record.loser_id])
        # It may have been undone while we waited for the lock.
        record = Merge.objects.select_for_update().get(pk=record.pk)
        if record.undone_at is not None:
            raise NotMerged(merge_id=str(record.pk))
        winner, loser = found[record.winner_id], found[record.loser_id]
        if winner.merged_into_id is not None:
            raise WinnerMerged(contact_id=str(winner.pk), merged_into=str(winner.merged_into_id))
        _writable(actor, winner, record_id)
        if not record.state or winner.erased_at or loser.erased_at:
            raise MergeNotUndoable(merge_id=str(record.pk))
        with inputs.translated_integrity():
            engine.unmerge(CONTACTS, record=record, winner=winner, loser=loser, by=actor.label, at=at)
        _hold_both(record, winner.pk, loser.pk)
        _publish(CONTACT_UNMERGED, record, actor, at)
    return record_id


def _hold_both(record: Merge, winner_id: UUID, loser_id: UUID) -> None:
    """A legal hold of the time when the two were one is on what each of them has."""
    if record.state["after"]["atoms"].get("column:legal_hold") == "true":
        return
    reason = Contact.objects.filter(pk=winner_id, legal_hold=True).values_list("legal_hold_reason", flat=True).first()
    if reason is not None:
        rows = Contact.objects.filter(pk=loser_id, legal_hold=False)
        rows.update(legal_hold=True, legal_hold_reason=reason)


def _check_losers(winner: UUID, losers: Sequence[UUID]) -> None:
    if not losers:
        raise Invalid.one("/contact_id", "required", "Name the contact that is merged into this one.")
    if len(losers) > MOST:
        raise Invalid.one("/contact_ids", "too_many", f"Must have at most {MOST} items.")
    if winner in losers:
        raise Invalid.one("/contact_id", "same", "A contact is not merged into itself.")


def _chosen(fields: Mapping[str, Any]) -> dict[str, str]:
    """The sides by column. Raises Invalid."""
    entity = registry.entity("contact")
    known = {item.name: item.attribute for item in entity.input_fields() if item.stored}
    errors: list[FieldError] = []
    chosen: dict[str, str] = {}
    for name, side in fields.items():
        column = name if name.startswith("custom.") else known.get(name)
        if column is None:
            errors.append(FieldError(f"/fields/{name}", "unknown_field", "There is no such field."))
        elif side not in SIDES:
            errors.append(FieldError(f"/fields/{name}", "not_a_choice", "Must be winner or loser."))
        else:
            chosen[column] = side
    if errors:
        raise Invalid(errors)
    return chosen


def _locked(ids: Sequence[UUID]) -> dict[UUID, Contact]:
    """The contacts by id, locked against everything, references included, in the order of their keys: two merges of
    the same ones wait for each other and never in a circle.
    """
    rows = Contact.objects.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",))
    return {row.pk: row for row in rows}


def _writable(actor: Actor, contact: Contact | None, key: UUID) -> Contact:
    """Raises NotFound or Forbidden."""
    rows = Contact.objects.filter(pk=key if contact is None else contact.pk)
    if contact is None or contact.deleted_at is not None or not rows.visible_to(actor).exists():
        raise missing(registry.entity("contact"), key, actor)
    for action in ("merge", "update"):
        if not rows.visible_to(actor, action).exists():
            raise Forbidden(entity="contact", action=action)
    return contact


def _mergeable(actor: Actor, contact: Contact | None, key: UUID) -> Contact:
    """Raises NotFound, Forbidden, or PersonErased."""
    found = _writable(actor, contact, key)
    if found.erased_at is not None:
        raise PersonErased(contact_id=str(found.pk))
    return found


def _loser(actor: Actor, contact: Contact | None, key: UUID) -> Contact:
    """As `_mergeable`, with the refusals of an input."""
    if contact is not None and contact.merged_into_id is not None:
        visible = Contact.objects.visible_to(actor)
        if visible.filter(pk=contact.pk).exists() and visible.filter(pk=contact.merged_into_id).exists():
            raise AlreadyMerged(contact_id=str(key), merged_into=str(contact.merged_into_id))
    try:
        return _mergeable(actor, contact, key)
    except NotFound:
        raise Invalid.one("/contact_id", "not_found", "There is no such record.") from None


def _wanted(actor: Actor, record_id: UUID, contact_id: UUID | None, merge_id: UUID | None) -> Merge:
    """The merge to undo, among those whose winner the actor may see."""
    seen = Merge.objects.filter(winner__in=Contact.objects.visible_to(actor).values("pk"))
    own = seen.filter(loser=record_id, undone_at=None)
    rows = own if own.exists() else seen.filter(winner=record_id)
    if not rows.exists() and not Contact.objects.visible_to(actor).alive().filter(pk=record_id).exists():
        raise NotFound(entity="contact", id=str(record_id))
    if contact_id is not None:
        rows = rows.filter(loser=contact_id)
    if merge_id is not None:
        rows = rows.filter(pk=merge_id)
    found: Merge | None = rows.filter(undone_at=None).order_by("-position").first()
    if found is None:
        raise NotMerged(contact_id=str(record_id))
    return found


def _publish(name: str, record: Merge, actor: Actor, at: datetime) -> None:
    payload = {
        "entity": "contact",
        "id": str(record.winner_id),
        "contact_id": str(record.loser_id),
        "merge_id": str(record.pk),
        "counts": record.counts,
    }
    events.publish(events.Event(name, payload), actor=actor, at=at)
