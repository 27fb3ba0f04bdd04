"""Adding to and taking from manual segments, with a result for each contact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from analytics.models import Segment, SegmentKind, SegmentMembership
from analytics.services.segments import evaluation
from analytics.services.segments.definitions import segments
from core.actors import Actor
from core.errors import Conflict
from core.history.context import acting
from crm.models import Contact

MOST = 1_000


def add(*, actor: Actor, record_id: UUID, at: datetime, contact_ids: Sequence[UUID]) -> dict[str, Any]:
    """Make contacts members. Raises NotFound, Forbidden, Conflict where the segment is not kept by hand."""
    return _change(actor, record_id, at, contact_ids, adding=True)


def remove(*, actor: Actor, record_id: UUID, at: datetime, contact_ids: Sequence[UUID]) -> dict[str, Any]:
    """Take contacts out. Raises as `add`."""
    return _change(actor, record_id, at, contact_ids, adding=False)


def _change(
    actor: Actor, record_id: UUID, at: datetime, contact_ids: Sequence[UUID], *, adding: bool
) -> dict[str, Any]:
    actor.require("segment", "update")
    actor.require("contact", "view")
    with transaction.atomic():
        acting(actor, at)
        segment: Segment = segments.lock(actor=actor, record_id=record_id, action="update")
        if segment.kind != SegmentKind.MANUAL:
            raise Conflict(f"The members of a {segment.kind} segment are not chosen by hand.")
        seen = Contact.objects.visible_to(actor).alive().filter(pk__in=contact_ids, erased_at__isnull=True)
        # Held, so that nobody is added who is merged or erased at the same moment.
        known = set(seen.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
        rows = SegmentMembership.objects.filter(segment=segment, contact_id__in=known, deleted_at__isnull=True)
        inside = set(rows.values_list("contact_id", flat=True))
        changing = sorted(known - inside if adding else known & inside)
        _write(segment, changing, at, adding=adding)
        evaluation.settle([segment.pk])
    size = Segment.objects.values_list("size", flat=True).get(pk=segment.pk)
    return {"size": size, "items": _results(contact_ids, known, set(changing), adding=adding)}


def _write(segment: Segment, ids: Sequence[UUID], at: datetime, *, adding: bool) -> None:
    if adding:
        made = [
            SegmentMembership(segment=segment, contact_id=key, entered_at=at, created_at=at, updated_at=at)
            for key in ids
        ]
        SegmentMembership.objects.bulk_create(made)
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE analytics_segment_membership SET deleted_at = %s, updated_at = %s, version = version + 1 "
            "WHERE segment_id = %s AND deleted_at IS NULL AND contact_id = ANY(%s)",
            [at, at, segment.pk, list(ids)],
        )


def _results(asked: Sequence[UUID], known: set[UUID], changed: set[UUID], *, adding: bool) -> list[dict[str, Any]]:
    done, nothing = ("added", "already_member") if adding else ("removed", "no_member")
    return [
        {
            "contact_id": str(key),
            "result": "not_found" if key not in known else done if key in changed else nothing,
        }
        for key in asked
    ]
