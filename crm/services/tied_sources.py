"""What a touch that is tied fills in of its contact, and how untying empties it again."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from crm.models import Contact, Tie

# What the first touch fills where people entered nothing (crm/models/firsts.py), and from which of its values.
_FROM = {"source": "acquisition_source", "source_detail": "acquisition_campaign"}


def of(contact_id: UUID) -> dict[str, Any]:
    """What the contact, whom the caller has locked, shows of where they came from; for `filled`."""
    rows = Contact.objects.filter(pk=contact_id)
    found: dict[str, Any] = rows.values("acquisition_touch_id", *_FROM, *_FROM.values()).get()
    return found


def filled(before: dict[str, Any], contact_id: UUID) -> dict[str, Any]:
    """What was filled in since `before`; to be kept with the tie."""
    after = of(contact_id)
    changed = {name: [before[name], after[name]] for name in _FROM if before[name] != after[name]}
    return {"columns": changed, "is_first": before["acquisition_touch_id"] is None} if changed else {}


def empty(tie: Tie, *, at: datetime) -> None:
    """Take out what the tie filled in and nobody changed since, once its touches are given back.

    The contact is locked. Where it had no touch before, the first of those that came since takes the place.
    """
    if not tie.filled:
        return
    contact = Contact.objects.get(pk=tie.contact_id)
    left = tie.filled["is_first"] and contact.acquisition_touch_id is not None
    changed = {}
    for name, (before, after) in tie.filled["columns"].items():
        if getattr(contact, name) == after:
            changed[name] = getattr(contact, _FROM[name]) if left else before
    if changed:
        Contact.objects.filter(pk=contact.pk).update(**changed, version=contact.version + 1, updated_at=at)
