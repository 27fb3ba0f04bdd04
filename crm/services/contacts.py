"""Writes of contacts and of their way through the lifecycle."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from core import events
from core.actors import Actor
from core.database.copying import copy_records
from core.database.inserts import insert
from core.errors import Invalid
from core.history.context import acting
from core.writes.base import Write
from core.writes.many import blanks
from crm.errors import ContactMerged
from crm.events import CONTACT_STAGE_CHANGED
from crm.models import Contact, Identifier, IdentifierKind, LifecycleChange
from crm.services.described import DescribedWrites


class Contacts(DescribedWrites[Contact]):
    """Every change of the lifecycle stage is kept, by whichever call it came; an erased person stays erased."""

    together = True

    def known_as(self, key: str, values: Collection[Any], *, actor: Actor) -> dict[Any, UUID]:
        """By their further identifiers: the external ids and addresses of those who were merged into them, say."""
        if key not in (IdentifierKind.EXTERNAL_ID, IdentifierKind.EMAIL):
            return {}
        seen = Contact.objects.visible_to(actor).alive().values("pk")
        rows = Identifier.objects.alive().filter(kind=key, system="", value__in=list(values), contact__in=seen)
        return dict(rows.values_list("value", "contact_id"))

    def prepare(self, change: Write[Contact]) -> None:
        self.prepare_many([change])

    def prepare_many(self, changes: Sequence[Write[Contact]]) -> None:
        super().prepare_many(changes)
        for change in changes:
            contact = change.record
            if "deleted_at" in change.before and contact.merged_into_id is not None:
                raise ContactMerged(merged_into=str(contact.merged_into_id))

    def saved(self, change: Write[Contact]) -> None:
        super().saved(change)
        if change.changed("lifecycle_stage"):
            insert(_steps([change])[0])
            if "lifecycle_stage" in change.before:
                events.publish(_stage_changed(change), actor=change.actor, at=change.at)

    def saved_many(self, changes: Sequence[Write[Contact]]) -> None:
        super().saved_many(changes)
        moved = [change for change in changes if change.changed("lifecycle_stage")]
        if moved:
            copy_records(LifecycleChange, _steps(moved))
            told = [_stage_changed(change) for change in moved if "lifecycle_stage" in change.before]
            events.publish(*told, actor=moved[0].actor, at=moved[0].at)

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


def _steps(changes: Sequence[Write[Contact]]) -> list[LifecycleChange]:
    """The rows that keep the steps of changes made at one moment by one actor."""
    at, by = changes[0].at, changes[0].actor.label
    steps: list[LifecycleChange] = blanks(LifecycleChange, at, len(changes))
    for step, change in zip(steps, changes, strict=True):
        contact = change.record
        step.__dict__.update(
            contact_id=contact.pk,
            from_stage=change.before.get("lifecycle_stage"),
            to_stage=contact.lifecycle_stage,
            at=change.values.get("changed_at") or at,
            by=by,
        )
    return steps


def _stage_changed(change: Write[Contact]) -> events.Event:
    contact, old = change.record, change.before["lifecycle_stage"]
    return events.Event(CONTACT_STAGE_CHANGED, {"id": str(contact.pk), "from": old, "to": contact.lifecycle_stage})


contacts = Contacts("contact")
