"""Legal holds: data that must be kept for now, whoever asks for it to be erased."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.actors import Actor
from core.errors import PersonErased
from core.history.context import acting
from core.writes.base import Write
from crm.services.contacts import contacts


def hold(*, actor: Actor, record_id: UUID, at: datetime, reason: str) -> UUID:
    """Keep a contact's data until the hold is released. Raises PersonErased."""
    return _set(actor, record_id, at, held=True, reason=reason)


def release(*, actor: Actor, record_id: UUID, at: datetime) -> UUID:
    """Let the data go again. Nothing happens where there is no hold."""
    return _set(actor, record_id, at, held=False, reason=None)


def _set(actor: Actor, record_id: UUID, at: datetime, *, held: bool, reason: str | None) -> UUID:
    actor.require("contact", "legal_hold")
    with transaction.atomic():
        acting(actor, at)
        contact = contacts.lock(actor=actor, record_id=record_id, action="legal_hold")
        if contact.erased_at is not None:
            raise PersonErased(contact_id=str(record_id))
        change = Write(actor=actor, at=at, record=contact, values={}, created=False)
        for name, value in {"legal_hold": held, "legal_hold_reason": reason}.items():
            if getattr(contact, name) != value:
                change.before[name] = getattr(contact, name)
                setattr(contact, name, value)
        contacts.apply(change, action="legal_hold")
    return record_id
