"""Telling users of what concerns them, once each, and their marking of it as read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.models import User
from core import events
from core.actors import SYSTEM, Actor
from core.errors import NotFound
from core.history.context import acting
from crm.events import NOTIFICATION_CREATED
from crm.models import Notification, NotificationKind

MAX_TITLE = 300


@dataclass(frozen=True)
class Told:
    """One notification to be given. `source` names what brought it about: of the same, nobody is told twice."""

    user_id: UUID
    kind: NotificationKind
    title: str
    entity: str
    record_id: UUID
    source: str
    contact_id: UUID | None = None


def give(told: Sequence[Told], *, at: datetime) -> int:
    """Write notifications, in the caller's transaction; returns how many are new. Only our own people are told."""
    wanted = {item.user_id for item in told}
    if not wanted:
        return 0
    ours = User.objects.alive().filter(pk__in=wanted, is_active=True, partner__isnull=True)
    reached = set(ours.values_list("pk", flat=True))
    rows = [_row(item, at) for item in told if item.user_id in reached]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    kept = set(Notification.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
    new = [row for row in rows if row.pk in kept]
    events.publish(*(_event(row) for row in new), actor=SYSTEM, at=at)
    return len(new)


def mark_read(*, actor: Actor, record_id: UUID, at: datetime) -> UUID:
    """Mark one as read; nothing happens where it is. Raises NotFound."""
    actor.require("notification", "mark_read")
    with transaction.atomic():
        acting(actor, at)
        rows = Notification.objects.alive().visible_to(actor, "mark_read").filter(pk=record_id)
        if not rows.exists():
            raise NotFound(entity="notification", id=str(record_id))
        rows.filter(read_at__isnull=True).update(read_at=at, updated_at=at, version=F("version") + 1)
    return record_id


def mark_all_read(*, actor: Actor, at: datetime) -> dict[str, Any]:
    """Mark all of the actor's own as read; answers how many were not."""
    actor.require("notification", "mark_read")
    with transaction.atomic():
        acting(actor, at)
        rows = Notification.objects.alive().filter(user=actor.user_id, read_at__isnull=True)
        return {"marked": rows.update(read_at=at, updated_at=at, version=F("version") + 1)}


def _row(told: Told, at: datetime) -> Notification:
    return Notification(
        user_id=told.user_id,
        kind=told.kind,
        title=told.title[:MAX_TITLE],
        entity=told.entity,
        record_id=told.record_id,
        source=told.source,
        contact_id=told.contact_id,
        created_at=at,
        updated_at=at,
    )


def _event(row: Notification) -> events.Event:
    about = {"entity": row.entity, "record_id": str(row.record_id)}
    payload = {"id": str(row.pk), "user_id": str(row.user_id), "kind": row.kind, **about}
    return events.Event(NOTIFICATION_CREATED, payload)
