"""Setting a segment's members to those who meet its criteria: one statement, only the differences are written."""

# ruff: noqa: S608 - the SQL is Django's and our own, values are parameters

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models.expressions import RawSQL

from analytics.models import Segment
from analytics.services.segments.reading import Meaning
from core import registry
from core.actors import Actor
from core.criteria.sql import compile_q
from crm.models import Contact

_NOBODY = "SELECT NULL::uuid AS id WHERE false"
_COLUMNS = "(id, segment_id, contact_id, entered_at, suspended, created_at, updated_at, version)"
# One snapshot for both: nobody enters and leaves by the same statement.
_DIFFERENCE = """
    WITH matched AS MATERIALIZED ({matched}), entered AS (
        INSERT INTO analytics_segment_membership {columns}
        SELECT gen_random_uuid(), %s, m.id, %s, false, %s, %s, 1 FROM matched m
        WHERE NOT EXISTS (
            SELECT FROM analytics_segment_membership o
            WHERE o.segment_id = %s AND o.contact_id = m.id AND o.deleted_at IS NULL
        )
        ORDER BY m.id
        ON CONFLICT DO NOTHING
    )
    UPDATE analytics_segment_membership o SET deleted_at = %s, updated_at = %s, version = o.version + 1 {looked_at}
    WHERE o.segment_id = %s AND o.deleted_at IS NULL {among}
        AND NOT EXISTS (SELECT FROM matched m WHERE m.id = o.contact_id)
"""
# Members of segments that no criteria keep leave with their contact's deletion, and are back after its restore.
_SUSPEND = """
    UPDATE analytics_segment_membership o SET deleted_at = %(at)s, suspended = true, updated_at = %(at)s,
        version = o.version + 1
    FROM crm_contact c, analytics_segment s {from_taken}
    WHERE c.id = o.contact_id AND s.id = o.segment_id AND s.kind <> 'dynamic' AND o.deleted_at IS NULL
        AND (c.deleted_at IS NOT NULL OR c.erased_at IS NOT NULL) {among}
"""
_RESUME = """
    WITH back AS (
        UPDATE analytics_segment_membership o SET suspended = false, updated_at = %(at)s, version = o.version + 1
        FROM crm_contact c, analytics_segment s {from_taken}
        WHERE c.id = o.contact_id AND s.id = o.segment_id AND s.kind <> 'dynamic' AND o.suspended
            AND c.deleted_at IS NULL AND c.erased_at IS NULL {among}
        RETURNING o.segment_id, o.contact_id
    )
    INSERT INTO analytics_segment_membership {columns}
    SELECT gen_random_uuid(), segment_id, contact_id, %(at)s, false, %(at)s, %(at)s, 1
    FROM (SELECT DISTINCT segment_id, contact_id FROM back) b ORDER BY segment_id, contact_id
    ON CONFLICT DO NOTHING
"""
# What triggers have counted becomes the size, each count once.
_SETTLE = """
    WITH waiting AS (
        SELECT c.id, c.segment_id, s.size + sum(c.entered - c."left") OVER (
            PARTITION BY c.segment_id ORDER BY c.id
        ) AS size
        FROM analytics_segment_change c JOIN analytics_segment s ON s.id = c.segment_id
        WHERE c.size IS NULL AND c.segment_id = ANY(%(ids)s)
    ), noted AS (
        UPDATE analytics_segment_change c SET size = w.size FROM waiting w WHERE w.id = c.id
    )
    UPDATE analytics_segment s SET size = greatest(0, w.size)
    FROM (SELECT DISTINCT ON (segment_id) segment_id, size FROM waiting ORDER BY segment_id, id DESC) w
    WHERE w.segment_id = s.id
"""


def apply(segment: Segment, meaning: Meaning, *, actor: Actor, at: datetime, entities: Sequence[str] | None) -> None:
    """Let those enter who meet the criteria, and those leave who do not.

    entities: only for the contacts that the taken marks of these entities name; None for everybody.
    """
    matched, parameters = matching(meaning, actor=actor, at=at, entities=entities)
    looked_at, among, taken = "", "", []
    if entities is not None:
        looked_at = "FROM (SELECT DISTINCT contact_id FROM segment_taken WHERE entity = ANY(%s)) t"
        among, taken = "AND t.contact_id = o.contact_id", [list(entities)]
    query = _DIFFERENCE.format(matched=matched, columns=_COLUMNS, looked_at=looked_at, among=among)
    key = segment.pk
    with connection.cursor() as cursor:
        cursor.execute(query, [*parameters, key, at, at, at, key, at, at, *taken, key])


def matching(
    meaning: Meaning, *, actor: Actor, at: datetime, entities: Sequence[str] | None = None
) -> tuple[str, Sequence[Any]]:
    """SQL of the ids of the living contacts that meet the criteria, as the actor sees them."""
    rows = Contact.objects.visible_to(actor).alive().filter(erased_at__isnull=True)
    if entities is not None:
        looked_at = "SELECT contact_id FROM segment_taken WHERE contact_id IS NOT NULL AND entity = ANY(%s)"
        rows = rows.filter(pk__in=RawSQL(looked_at, [list(entities)]))  # noqa: S611 - a constant
    rows = rows.filter(compile_q(registry.entity("contact"), meaning.node, actor=actor, at=at))
    try:
        sql, parameters = rows.order_by().values("id").query.sql_with_params()
    except EmptyResultSet:
        return _NOBODY, ()
    return sql, parameters


def follow_contacts(*, at: datetime, only_taken: bool, segment_id: UUID | None = None) -> None:
    """Members of manual and snapshot segments leave with their contacts, and come back with them."""
    from_taken, among = "", ""
    if only_taken:
        from_taken = ", (SELECT DISTINCT contact_id FROM segment_taken WHERE entity = 'contact') t"
        among = "AND t.contact_id = o.contact_id"
    if segment_id is not None:
        among += " AND o.segment_id = %(segment)s"
    values = {"at": at, "segment": segment_id}
    with connection.cursor() as cursor:
        for query in (_SUSPEND, _RESUME):
            cursor.execute(query.format(from_taken=from_taken, among=among, columns=_COLUMNS), values)


def settle(ids: Sequence[UUID]) -> None:
    """Add what was counted to the sizes of these segments, whose rows the caller has locked."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, {"ids": list(ids)})


def copy_members(segment: Segment, *, at: datetime) -> None:
    """Take over the members that another segment has now."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO analytics_segment_membership {_COLUMNS} "
            "SELECT gen_random_uuid(), %s, contact_id, %s, false, %s, %s, 1 FROM analytics_segment_membership "
            "WHERE segment_id = %s AND deleted_at IS NULL ORDER BY contact_id ON CONFLICT DO NOTHING",
            [segment.pk, at, at, at, segment.source_id],
        )
