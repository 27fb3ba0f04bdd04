"""Writes of contacts and of their way through the lifecycle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from core import events
from core.actors import Actor
from core.database.inserts import insert
from core.errors import Invalid
from core.history.context import acting
from core.writes.base import Write
from crm.events import CONTACT_STAGE_CHANGED
from crm.models import Contact, LifecycleChange
from crm.services.described import DescribedWrites


class Contacts(DescribedWrites[Contact]):
    """Every change of the lifecycle stage is kept, by whichever call it came."""

    def saved(self, change: Write[Contact]) -> None:
        super().saved(change)
        if change.changed("lifecycle_stage"):
            _note_stage(change, change.values.get("changed_at") or change.at)

    def saved_many(self, changes: Sequence[Write[Contact]]) -> None:
        super().saved_many(changes)
        for change in changes:
            if change.changed("lifecycle_stage"):
                _note_stage(change, change.values.get("changed_at") or change.at)

    def change_stage(
        self, *, actor: Actor, record_id: UUID, at: datetime, lifecycle_stage: str, changed_at: datetime | None = None
    ) -> UUID:
        """Move a contact to a stage as of `changed_at`. Nothing happens where it is there already."""
        actor.require("contact", "update")
        if changed_at is not None and changed_at > at:
            raise Invalid.one("/changed_at", "in_future", "Must not be in the future.")
        with transaction.atomic():
            acting(actor, at)
            contact = self.lock(actor=actor, record_id=record_id, action="update")
            change = Write(actor=actor, at=at, record=contact, values={"changed_at": changed_at}, created=False)
            if contact.lifecycle_stage != lifecycle_stage:
                change.before["lifecycle_stage"] = contact.lifecycle_stage
                contact.lifecycle_stage = lifecycle_stage
                self.apply(change)
        return contact.pk


def _note_stage(change: Write[Contact], moment: datetime) -> None:
    contact, old = change.record, change.before.get("lifecycle_stage")
    insert(
        LifecycleChange(
            contact=contact,
            from_stage=old,
            to_stage=contact.lifecycle_stage,
            at=moment,
            by=change.actor.label,
            created_at=change.at,
            updated_at=change.at,
        )
    )
    if old is not None:
        payload = {"id": str(contact.pk), "from": old, "to": contact.lifecycle_stage}
        events.publish(events.Event(CONTACT_STAGE_CHANGED, payload), actor=change.actor, at=change.at)


contacts = Contacts("contact")
