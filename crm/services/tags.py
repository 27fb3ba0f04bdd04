"""Writes of tags: records hold the names, so a new name or a deletion goes through all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, transaction

from core import events
from core.actors import Actor
from core.writes.base import Write, Writes
from crm.events import TAG_RENAMED
from crm.models import Tag
from crm.models.base import Described
from crm.services import locks


class Tags(Writes[Tag]):
    """Renaming and deleting wait for writers that are marking records, and keep new ones waiting."""

    def update(
        self, *, actor: Actor, record_id: UUID, values: Mapping[str, Any], at: datetime, version: int | None = None
    ) -> Tag:
        with transaction.atomic():
            locks.exclusively(locks.Subject.TAGS)
            return super().update(actor=actor, record_id=record_id, values=values, at=at, version=version)

    def delete(self, *, actor: Actor, record_id: UUID, at: datetime, version: int | None = None) -> Tag:
        with transaction.atomic():
            locks.exclusively(locks.Subject.TAGS)
            return super().delete(actor=actor, record_id=record_id, at=at, version=version)

    def saved(self, change: Write[Tag]) -> None:
        tag = change.record
        if "name" in change.before:
            renamed = _replace_everywhere(change.before["name"], tag.name, change.at)
            payload = {"id": str(tag.pk), "from": change.before["name"], "to": tag.name, "records": renamed}
            events.publish(events.Event(TAG_RENAMED, payload), actor=change.actor, at=change.at)
        elif "deleted_at" in change.before and tag.deleted_at is not None:
            _replace_everywhere(tag.name, None, change.at)


def make_missing(names: Iterable[str], *, actor: Actor, at: datetime) -> None:
    """Make the tags among `names` that do not exist; whoever may mark a record may make the word for it."""
    wanted = set(names)
    missing = wanted - set(Tag.objects.alive().filter(name__in=wanted).values_list("name", flat=True))
    if not missing:
        return
    rows = [Tag(name=name, created_at=at, updated_at=at) for name in sorted(missing)]
    # Somebody else may make the same tag at this moment; either one is right.
    Tag.objects.bulk_create(rows, ignore_conflicts=True)
    made = [events.Event("tag.created", {"entity": "tag", "id": str(row.pk)}) for row in rows]
    events.publish(*made, actor=actor, at=at)


def _replace_everywhere(old: str, new: str | None, at: datetime) -> int:
    """Exchange a name for another, or drop it, in all marked records; returns in how many."""
    count = 0
    for model in apps.get_models():
        if not issubclass(model, Described):
            continue
        changed = "array_remove(tags, %s)" if new is None else "array_replace(tags, %s, %s)"
        # Sorted and without repeats, as all tags are stored: the record may have had the new name already.
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {model._meta.db_table} "  # noqa: S608 - a table's name from a model
                f"SET tags = ARRAY(SELECT DISTINCT unnest({changed}) ORDER BY 1), "
                "version = version + 1, updated_at = %s "
                "WHERE tags @> ARRAY[%s]::varchar[]",
                [*([old] if new is None else [old, new]), at, old],
            )
            count += cursor.rowcount
    return count


tags = Tags("tag")
