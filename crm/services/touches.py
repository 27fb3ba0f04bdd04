"""Writes of touches. What a contact's first touch is, triggers keep (crm/models/firsts.py); here it is protected."""

from __future__ import annotations

from uuid import UUID

from core.errors import Invalid
from core.writes.base import Write, Writes
from crm.errors import FirstTouch
from crm.models import Contact, Touch
from crm.services import touch_ties


class Touches(Writes[Touch]):
    """A touch is a fact: little of it but its cost changes, and a contact's first one neither goes nor moves away."""

    def prepare(self, change: Write[Touch]) -> None:
        touch = change.record
        if touch.contact_id is None and touch.anonymous_id is None:
            raise Invalid.one("/contact_id", "required", "Name a contact or an anonymous id.")
        if touch.cost is not None and touch.currency is None:
            raise Invalid.one("/currency", "required", "A cost needs its currency.")
        if change.created and touch.occurred_at > change.at:
            raise Invalid.one("/occurred_at", "in_future", "Must not be in the future.")
        if change.before.get("contact_id") is not None:
            _keep_first(touch, change.before["contact_id"])

    def saved(self, change: Write[Touch]) -> None:
        """What a visitor who is known does is the contact's."""
        touch = change.record
        if change.created and touch.contact_id is None:
            touch_ties.tie_known_visitor(touch, actor=change.actor, at=change.at)

    def deleting(self, change: Write[Touch]) -> None:
        if change.record.contact_id is not None:
            _keep_first(change.record, change.record.contact_id)


def _keep_first(touch: Touch, contact_id: UUID) -> None:
    """Raises FirstTouch. The contact is locked as the triggers do: it becomes nobody's first touch in the meantime."""
    rows = Contact.objects.filter(pk=contact_id).select_for_update(no_key=True)
    if rows.values_list("acquisition_touch_id", flat=True).first() == touch.pk:
        raise FirstTouch(contact_id=str(contact_id), touch_id=str(touch.pk))


touches = Touches("touch")
