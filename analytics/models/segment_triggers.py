"""Triggers of memberships: whoever enters or leaves, by whatever statement, is told once, in the same transaction."""

from __future__ import annotations

import pgtrigger

# Contacts that one event names.
CHUNK = 500

_INSERTED = "SELECT segment_id, contact_id, true AS entered FROM new_rows WHERE deleted_at IS NULL"
_UPDATED = """
    SELECT n.segment_id, n.contact_id, true AS entered FROM new_rows n JOIN old_rows o ON o.id = n.id
    WHERE n.deleted_at IS NULL AND (o.deleted_at IS NOT NULL OR o.contact_id <> n.contact_id)
    UNION ALL
    SELECT o.segment_id, o.contact_id, false FROM new_rows n JOIN old_rows o ON o.id = n.id
    WHERE o.deleted_at IS NULL AND (n.deleted_at IS NOT NULL OR o.contact_id <> n.contact_id)
"""
_DELETED = "SELECT segment_id, contact_id, false AS entered FROM old_rows WHERE deleted_at IS NULL"
_TOLD = """
    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{{"kind": "system", "door": "shell"}}')::jsonb;
    moment := coalesce((who->>'at')::timestamptz, now());
    WITH moved AS MATERIALIZED ({moved}), counted AS (
        INSERT INTO analytics_segment_change (segment_id, at, entered, "left")
        SELECT segment_id, moment, count(*) FILTER (WHERE entered), count(*) FILTER (WHERE NOT entered)
        FROM moved GROUP BY segment_id ORDER BY segment_id
    ), marked AS (
        INSERT INTO analytics_segment_mark (entity, contact_id, whole)
        SELECT DISTINCT 'segment_membership', contact_id, false FROM moved
    ), numbered AS (
        SELECT moved.*,
            (row_number() OVER (PARTITION BY segment_id, entered ORDER BY contact_id) - 1) / {chunk} AS chunk
        FROM moved
    )
    INSERT INTO core_outbox (
        id, name, payload, actor_kind, actor_id, occurred_at, done, failed, attempts, last_error
    )
    SELECT gen_random_uuid(), CASE WHEN n.entered THEN 'segment.entered' ELSE 'segment.left' END,
        jsonb_build_object(
            'entity', 'segment', 'id', n.segment_id, 'key', s.key,
            'contact_ids', jsonb_agg(n.contact_id ORDER BY n.contact_id)
        ),
        who->>'kind', (who->>'id')::uuid, moment, '{{}}', '{{}}', 0, ''
    FROM numbered n JOIN analytics_segment s ON s.id = n.segment_id
    GROUP BY n.segment_id, s.key, n.entered, n.chunk
    ORDER BY n.segment_id, n.entered, n.chunk;
    RETURN NULL;
"""


def membership_triggers() -> list[pgtrigger.Trigger]:
    """They publish `segment.entered` and `segment.left`, count for the history, and mark for other segments."""
    referencing = pgtrigger.Referencing
    return [
        _trigger("segment_entered", pgtrigger.Insert, referencing(new="new_rows"), _INSERTED),
        _trigger("segment_moved", pgtrigger.Update, referencing(old="old_rows", new="new_rows"), _UPDATED),
        _trigger("segment_left", pgtrigger.Delete, referencing(old="old_rows"), _DELETED),
    ]


def _trigger(
    name: str, operation: pgtrigger.Operation, referencing: pgtrigger.Referencing, moved: str
) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=referencing,
        declare=[("who", "jsonb"), ("moment", "timestamptz")],
        func=_TOLD.format(moved=moved, chunk=CHUNK),
    )
