"""Keeping all segments in step: changed customers by marks, everybody where only that tells, one worker at a time.

A pass takes marks and writes the differences in one transaction: a kill leaves both or neither, and what is marked
meanwhile waits for the next pass, whose snapshot sees the change that it tells of.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from analytics.lake.database import FAMILY, Lock
from analytics.models import Segment, SegmentKind, SegmentStatus
from analytics.services.segments import evaluation, reading
from core.actors import SYSTEM
from core.errors import DomainError, InvalidCriteria
from core.history.context import acting

# Marks that are taken at a time, so that nobody waits for long.
MARKS = 50_000
# Passes in one call; what is left then is the next call's.
MOST = 200
CONFIRMED_EVERY = timedelta(seconds=60)

_TAKEN = """
    CREATE TEMPORARY TABLE IF NOT EXISTS segment_taken (entity text, contact_id uuid, whole boolean)
    ON COMMIT DELETE ROWS
"""
_TAKE = """
    WITH gone AS (
        DELETE FROM analytics_segment_mark WHERE id IN (SELECT id FROM analytics_segment_mark ORDER BY id LIMIT %s)
        RETURNING entity, contact_id, whole
    )
    INSERT INTO segment_taken SELECT entity, contact_id, bool_or(whole) FROM gone GROUP BY entity, contact_id
"""


def run(*, at: datetime) -> bool:
    """Take account of everything that is recorded. False where another worker does so, or something is left."""
    for _ in range(MOST):
        done = _pass(at)
        if done is None:
            return False
        if done:
            continue
        due = _due(at)
        if not due:
            return True
        for segment_id in due:
            if not evaluate(segment_id=segment_id, at=at):
                return False
    return False


def evaluate(*, segment_id: UUID, at: datetime, wait: bool = False) -> bool:
    """Evaluate one segment from scratch. False where another worker is at work."""
    with transaction.atomic():
        if not _alone(wait=wait):
            return False
        acting(SYSTEM, at)
        segment = Segment.objects.select_for_update(no_key=True).filter(pk=segment_id).first()
        if segment is None:
            return True
        _evaluate(segment, at)
        evaluation.settle([segment.pk])
    return True


def _evaluate(segment: Segment, at: datetime) -> None:
    begun = time.perf_counter()
    segment.full_wanted, segment.due_at = False, None
    try:
        _set_members(segment, at, begun)
    except DomainError as refusal:
        _break(segment, refusal, at)
    else:
        segment.status, segment.error, segment.refreshed_at = SegmentStatus.READY, None, at
    segment.full_at = at
    _save(segment)


def _set_members(segment: Segment, at: datetime, begun: float) -> None:
    frozen = segment.kind == SegmentKind.SNAPSHOT and segment.status == SegmentStatus.READY
    if segment.kind == SegmentKind.MANUAL or frozen:
        evaluation.follow_contacts(at=at, only_taken=False, segment_id=segment.pk)
        return
    if segment.source_id is not None:
        evaluation.copy_members(segment, at=at)
        return
    actor = reading.eyes(segment, at=at)
    meaning = reading.understand(segment.filter or {}, actor=actor)
    evaluation.apply(segment, meaning, actor=actor, at=at, entities=None)
    segment.full_seconds = time.perf_counter() - begun
    if segment.kind == SegmentKind.DYNAMIC:
        segment.depends, segment.wide = sorted(meaning.precise), sorted(meaning.wide)
        sees_all = actor.is_superuser
        segment.due_at = reading.next_time(meaning, at=at, seconds=segment.full_seconds, sees_all=sees_all)


def _break(segment: Segment, refusal: DomainError, at: datetime) -> None:
    """The members stay as they are. It is tried again later: the field may come back, the owner too."""
    reason = refusal.detail
    if isinstance(refusal, InvalidCriteria):
        reason = f"{refusal.errors[0].pointer or '/'}: {refusal.errors[0].message}"
    segment.status, segment.error = SegmentStatus.BROKEN, reason[:500]
    segment.due_at = at + 10 * reading.cooldown(0)


def _pass(at: datetime) -> bool | None:
    """Take some marks and bring the segments that depend on them in step. None where another worker is at work."""
    with transaction.atomic():
        if not _alone(wait=False):
            return None
        acting(SYSTEM, at)
        with connection.cursor() as cursor:
            cursor.execute(_TAKEN)
            cursor.execute(_TAKE, [MARKS])
            if cursor.rowcount == 0:
                _confirm(at)
                return False
            cursor.execute("ANALYZE segment_taken")
            cursor.execute("SELECT entity, bool_or(whole), count(contact_id) FROM segment_taken GROUP BY entity")
            changed = {entity: (whole, count) for entity, whole, count in cursor.fetchall()}
        segments = list(Segment.objects.alive().order_by("pk").select_for_update(no_key=True))
        for segment in segments:
            if segment.kind == SegmentKind.DYNAMIC:
                _follow(segment, changed, at)
        if "contact" in changed:
            evaluation.follow_contacts(at=at, only_taken=True)
        evaluation.settle([segment.pk for segment in segments])
    return True


def _follow(segment: Segment, changed: dict[str, tuple[bool, int]], at: datetime) -> None:
    if segment.full_wanted:
        return
    if "custom_field" in changed or any(
        changed[name][0] for name in (*segment.depends, *segment.wide) if name in changed
    ):
        segment.full_wanted = True
        _save(segment)
        return
    if segment.status == SegmentStatus.BROKEN:
        return
    if any(name in changed for name in segment.wide):
        # Nobody knows whom it touches: everybody is looked at, but not all the time.
        soon = max(at, (segment.full_at or at) + reading.cooldown(segment.full_seconds))
        segment.due_at = min(segment.due_at or soon, soon)
    entities = [name for name in segment.depends if name in changed and changed[name][1]]
    if entities:
        _evaluate_for(segment, entities, at)
    segment.refreshed_at = at
    _save(segment)


def _evaluate_for(segment: Segment, entities: Sequence[str], at: datetime) -> None:
    try:
        actor = reading.eyes(segment, at=at)
        meaning = reading.understand(segment.filter or {}, actor=actor)
    except DomainError as refusal:
        _break(segment, refusal, at)
        return
    evaluation.apply(segment, meaning, actor=actor, at=at, entities=entities)


def _confirm(at: datetime) -> None:
    """Nothing is marked: the members are right as of now. Said once a minute, not every few seconds."""
    ready = Q(status=SegmentStatus.READY) & ~Q(kind=SegmentKind.SNAPSHOT)
    rows = Segment.objects.alive().filter(ready, Q(due_at__isnull=True) | Q(due_at__gt=at))
    keys = list(rows.filter(refreshed_at__lt=at - CONFIRMED_EVERY).order_by("pk").select_for_update(no_key=True))
    Segment.objects.filter(pk__in=[segment.pk for segment in keys]).update(refreshed_at=at)


def _due(at: datetime) -> list[UUID]:
    due = Q(full_wanted=True) | Q(due_at__lte=at)
    return list(Segment.objects.alive().filter(due).order_by("pk").values_list("pk", flat=True))


def _save(segment: Segment) -> None:
    segment.save(
        update_fields=[
            "status", "error", "refreshed_at", "depends", "wide", "due_at", "full_wanted", "full_at", "full_seconds",
        ]
    )  # fmt: skip


def _alone(*, wait: bool) -> bool:
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [FAMILY, int(Lock.SEGMENTS)])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [FAMILY, int(Lock.SEGMENTS)])
        return bool(cursor.fetchone()[0])
