"""Writes of notes, with the people whom they mention."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import F

from accounts.models import User
from accounts.selectors import actors
from core.actors import Door
from core.errors import Invalid
from core.writes.base import Write, Writes
from crm.models import Note, NoteMention, NotificationKind
from crm.models.subjects import SUBJECTS, person_of
from crm.services import mentions, notifications
from crm.services.notifications import Told


class Notes(Writes[Note]):
    """A note is on one record, and whoever may see it there is told where it mentions them."""

    def prepare(self, change: Write[Note]) -> None:
        note = change.record
        require_one_subject(note)
        if change.created:
            note.author_id = change.actor.user_id

    def saved(self, change: Write[Note]) -> None:
        if change.changed("body"):
            _mention(change)


def require_one_subject(record: Any, subjects: tuple[str, ...] = SUBJECTS) -> None:
    """Raises Invalid unless exactly one of the subjects is named."""
    if sum(getattr(record, f"{name}_id") is not None for name in subjects) != 1:
        listed = ", ".join(f"{name}_id" for name in subjects)
        raise Invalid.one(f"/{subjects[0]}_id", "one_subject", f"Name exactly one of: {listed}.")


def _mention(change: Write[Note]) -> None:
    note, at = change.record, change.at
    mentioned = {user.pk: user for user in mentions.users_in(note.body) if _may_see(user, note)}
    known = {} if change.created else {row.user_id: row for row in NoteMention.objects.filter(note=note)}
    touched = {"updated_at": at, "version": F("version") + 1}
    gone = [row.pk for key, row in known.items() if key not in mentioned and row.deleted_at is None]
    back = [row.pk for key, row in known.items() if key in mentioned and row.deleted_at is not None]
    if gone:
        NoteMention.objects.filter(pk__in=gone).update(deleted_at=at, **touched)
    if back:
        NoteMention.objects.filter(pk__in=back).update(deleted_at=None, **touched)
    new = [user for key, user in sorted(mentioned.items()) if key not in known]
    NoteMention.objects.bulk_create(NoteMention(note=note, user=user, created_at=at, updated_at=at) for user in new)
    told = [_told(note, user, change.actor.user_id) for user in new if user.pk != change.actor.user_id]
    notifications.give(told, at=at)


def _may_see(user: User, note: Note) -> bool:
    found = actors.by_user(user_id=user.pk, door=Door.WORKER)
    return found is not None and Note.objects.filter(pk=note.pk).visible_to(found.actor).exists()


def _told(note: Note, user: User, author_id: UUID | None) -> Told:
    author = User.objects.filter(pk=author_id).first() if author_id else None
    return Told(
        user_id=user.pk,
        kind=NotificationKind.MENTION,
        title=f"{author or 'Somebody'} mentioned you in a note",
        entity="note",
        record_id=note.pk,
        source=f"mention:{note.pk}",
        contact_id=person_of(note),
    )


notes = Notes("note")
