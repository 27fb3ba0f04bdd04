"""Writes of segments: a filter is understood before it is kept, and names no segment in a circle."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import current_app
from django.db import transaction
from django.db.models import Q
from kombu.exceptions import OperationalError

from analytics.models import Segment, SegmentKind, SegmentStatus
from analytics.services.segments import reading
from core.actors import Actor, Visibility
from core.errors import Conflict, FieldError, Invalid, InvalidCriteria
from core.writes.base import Write, Writes

TASK = "analytics.tasks.maintain_segments"
_DEFINING = frozenset({"filter", "kind", "source_id", "owner_id", "deleted_at"})


class Segments(Writes[Segment]):
    """What defines the members is checked here; who they are is found by maintenance."""

    def prepare(self, change: Write[Segment]) -> None:
        segment = change.record
        faults = list(_wrong_parts(segment))
        if faults:
            raise Invalid(faults)
        if not change.created and not _DEFINING & set(change.before) and "parent_id" not in change.before:
            return
        _refuse_circle_of_parents(segment)
        if not change.created and segment.kind == SegmentKind.SNAPSHOT and {"filter", "source_id"} & set(change.before):
            raise Invalid.one("/filter", "frozen", "A snapshot is frozen: make another one.")
        if segment.filter is not None:
            _check_filter(change)
        if change.created or _DEFINING & set(change.before):
            segment.full_wanted = True
            if change.created:
                segment.status = SegmentStatus.PENDING

    def saved(self, change: Write[Segment]) -> None:
        if change.record.full_wanted and change.record.deleted_at is None:
            transaction.on_commit(_send)

    def deleting(self, change: Write[Segment]) -> None:
        users = [item.name for item in _dependents(change.record)]
        if users:
            raise Conflict(f"Other segments are made of it: {', '.join(users[:5])}.")


def _wrong_parts(segment: Segment) -> list[FieldError]:
    """Which parts a kind has."""
    found: list[FieldError] = []
    kind = SegmentKind(segment.kind)
    if kind is SegmentKind.DYNAMIC and segment.filter is None:
        found.append(FieldError("/filter", "required", "A dynamic segment has criteria."))
    if kind is SegmentKind.MANUAL and segment.filter is not None:
        found.append(FieldError("/filter", "not_allowed", "The members of a manual segment are added by hand."))
    if kind is not SegmentKind.SNAPSHOT and segment.source_id is not None:
        found.append(FieldError("/source_id", "not_allowed", "Only a snapshot copies another segment."))
    new = segment.status == SegmentStatus.PENDING
    if kind is SegmentKind.SNAPSHOT and new and (segment.filter is None) == (segment.source_id is None):
        found.append(FieldError("/filter", "required", "A snapshot has either criteria or a segment to copy."))
    return found


def _check_filter(change: Write[Segment]) -> None:
    segment, actor = change.record, change.actor
    if change.created or {"filter", "owner_id", "kind"} & set(change.before):
        _require_own_sight(segment, actor)
    try:
        reading.understand(segment.filter, actor=actor)
        reading.understand(segment.filter, actor=reading.eyes(segment, at=change.at))
    except InvalidCriteria as refusal:
        raise Invalid(refusal.below("/filter")) from None
    _refuse_circle(segment)


def _require_own_sight(segment: Segment, actor: Actor) -> None:
    """Nobody asks with another's eyes: a size would tell what they may not see."""
    sees_all = actor.is_superuser or Visibility.ALL in actor.visibilities("contact", "view")
    if not sees_all and segment.owner_id != actor.user_id:
        raise Invalid.one("/owner_id", "not_yours", "Criteria are evaluated with the owner's sight: it must be yours.")


def _refuse_circle(segment: Segment) -> None:
    seen: set[UUID] = set()
    waiting = [(segment.filter, True)]
    while waiting:
        tree, own = waiting.pop()
        for field, value in reading.named_segments(tree):
            if not field:
                raise Invalid.one(
                    "/filter", "unnamed_segments", 'Say which segments, by "key" or "segment_id" in "where".'
                )
            found = Segment.objects.alive().filter(**_by(field, value)).first() if value else None
            if found is None:
                if own and not (field == "key" and value == segment.key):
                    raise Invalid.one("/filter", "unknown_segment", f"There is no segment {value!r}.")
                raise Invalid.one("/filter", "circular", "A segment cannot be made of itself.")
            if found.pk == segment.pk:
                raise Invalid.one("/filter", "circular", "A segment cannot be made of itself, by way of others either.")
            if found.pk not in seen:
                seen.add(found.pk)
                waiting.append((found.filter, False))


def _by(field: str, value: Any) -> dict[str, Any]:
    return {"key" if field == "key" else "pk": value}


def _dependents(segment: Segment) -> list[Segment]:
    others = (
        Segment.objects.alive().filter(kind=SegmentKind.DYNAMIC).filter(Q(filter__isnull=False)).exclude(pk=segment.pk)
    )
    names = {("key", segment.key), ("segment_id", str(segment.pk))}
    return [item for item in others.order_by("pk") if names & set(reading.named_segments(item.filter))]


def _refuse_circle_of_parents(segment: Segment) -> None:
    seen, parent_id = {segment.pk}, segment.parent_id
    while parent_id is not None:
        if parent_id in seen:
            raise Invalid.one("/parent_id", "circular", "A segment cannot be its own parent, by way of others either.")
        seen.add(parent_id)
        parent_id = Segment.objects.filter(pk=parent_id).values_list("parent_id", flat=True).first()


def _send() -> None:
    try:
        current_app.send_task(TASK, expires=60)
    except OperationalError:
        # The broker is away; beat sends the same every few seconds.
        return


segments = Segments("segment")
