"""Removing contents: of files that were deleted long ago, of rows that are gone, and what a kill left behind."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from core.actors import SYSTEM
from core.history.context import acting
from crm.models import File, FileGarbage
from crm.selectors import people
from crm.services import contents

BATCH = 100
# Nothing is in the making for longer than a day.
IN_THE_MAKING = timedelta(days=2)
# A sweep that was missed for a month is made up for.
SWEPT = timedelta(days=35)
ASKED_AT_ONCE = 500


def purge(*, at: datetime) -> int:
    """Remove the contents of files deleted longer ago than they are kept, of nobody on hold; returns of how many."""
    until = at - timedelta(days=settings.BIFOCAL_FILES["keep_deleted_days"])
    removed = 0
    while True:
        with transaction.atomic():
            rows = File.objects.filter(deleted_at__lt=until, purged_at__isnull=True)
            for path in File.personal.people if File.personal else ():
                rows = rows.exclude(**{f"{path}__in": people.held()})
            rows = rows.order_by("pk")[:BATCH]
            found = list(rows.select_for_update(of=("self",), no_key=True, skip_locked=True))
            if found:
                acting(SYSTEM, at)
            for file in found:
                # First: a content that is gone already is no error the next time.
                contents.delete(file.key)
            ids = [file.pk for file in found]
            File.objects.filter(pk__in=ids).update(purged_at=at, updated_at=at, version=F("version") + 1)
        removed += len(found)
        if len(found) < BATCH:
            return removed


def take_out(*, limit: int = 10_000) -> int:
    """Remove the contents of rows that were deleted for good; returns of how many."""
    removed = 0
    while removed < limit:
        with transaction.atomic():
            found = list(FileGarbage.objects.order_by("pk").select_for_update(skip_locked=True)[:BATCH])
            for row in found:
                contents.delete(row.key)
            FileGarbage.objects.filter(pk__in=[row.pk for row in found]).delete()
        removed += len(found)
        if len(found) < BATCH:
            break
    return removed


def sweep(*, at: datetime) -> int:
    """Remove contents that no row knows: somebody was killed between storing and committing. Returns how many."""
    day, last, removed = at - SWEPT, at - IN_THE_MAKING, 0
    while day.date() <= last.date():
        folder = f"{contents.FOLDER}/{day:%Y/%m/%d}"
        names = contents.names(folder)
        for start in range(0, len(names), ASKED_AT_ONCE):
            keys = {f"{folder}/{name}" for name in names[start : start + ASKED_AT_ONCE]}
            known = set(File.objects.filter(key__in=keys).values_list("key", flat=True))
            for key in sorted(keys - known):
                contents.delete(key)
                removed += 1
        day += timedelta(days=1)
    return removed
