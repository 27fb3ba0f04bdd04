"""Triggers that remove pairs that look like one person as soon as they are decided, merged or deleted.

By the database, so that it holds whichever way that is done. The scan holds a shared lock on the contacts of the pairs
that it writes: who decides or deletes meanwhile waits for it, and then removes them.
"""

from __future__ import annotations

import pgtrigger

# What was decided about a merged contact counts for the one that took its place.
_DELETED = """
    DELETE FROM crm_duplicate_candidate WHERE contact_id = NEW.id;
    DELETE FROM crm_duplicate_candidate WHERE other_id = NEW.id;
    IF NEW.merged_into_id IS NOT NULL THEN
        WITH RECURSIVE family AS (
            SELECT NEW.id AS id
            UNION
            SELECT c.id FROM crm_contact c JOIN family f ON c.merged_into_id = f.id
        ), roots AS (
            SELECT CASE WHEN d.contact_id = f.id THEN d.other_id ELSE d.contact_id END AS id
            FROM family f JOIN crm_duplicate_decision d ON f.id IN (d.contact_id, d.other_id)
            WHERE d.deleted_at IS NULL AND (d.until IS NULL OR d.until > now())
            UNION
            SELECT c.merged_into_id FROM crm_contact c JOIN roots r ON c.id = r.id WHERE c.merged_into_id IS NOT NULL
        )
        DELETE FROM crm_duplicate_candidate p USING roots r
        WHERE p.contact_id = least(r.id, NEW.merged_into_id) AND p.other_id = greatest(r.id, NEW.merged_into_id);
    END IF;
    RETURN NULL;
"""
_GONE = """
    DELETE FROM crm_duplicate_candidate WHERE contact_id = OLD.id;
    DELETE FROM crm_duplicate_candidate WHERE other_id = OLD.id;
    RETURN OLD;
"""
_DECIDED = """
    IF NEW.deleted_at IS NOT NULL OR NEW.until <= now() THEN
        RETURN NULL;
    END IF;
    PERFORM FROM crm_contact WHERE id IN (NEW.contact_id, NEW.other_id) ORDER BY id FOR NO KEY UPDATE;
    WITH RECURSIVE one AS (
        SELECT NEW.contact_id AS id
        UNION
        SELECT c.merged_into_id FROM crm_contact c JOIN one r ON c.id = r.id WHERE c.merged_into_id IS NOT NULL
    ), two AS (
        SELECT NEW.other_id AS id
        UNION
        SELECT c.merged_into_id FROM crm_contact c JOIN two r ON c.id = r.id WHERE c.merged_into_id IS NOT NULL
    )
    DELETE FROM crm_duplicate_candidate p USING one, two
    WHERE p.contact_id = least(one.id, two.id) AND p.other_id = greatest(one.id, two.id);
    RETURN NULL;
"""


def contact_triggers() -> list[pgtrigger.Trigger]:
    """For contacts: who is deleted or merged is nobody's duplicate."""
    return [
        pgtrigger.Trigger(
            name="candidates_deleted",
            level=pgtrigger.Row,
            when=pgtrigger.After,
            operation=pgtrigger.Update,
            condition=pgtrigger.Condition(
                "OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL"
                " OR OLD.merged_into_id IS DISTINCT FROM NEW.merged_into_id"
            ),
            func=_DELETED,
        ),
        pgtrigger.Trigger(
            name="candidates_gone",
            level=pgtrigger.Row,
            when=pgtrigger.Before,
            operation=pgtrigger.Delete,
            func=_GONE,
        ),
    ]


def decision_triggers() -> list[pgtrigger.Trigger]:
    """For decisions: the pair is not proposed any more."""
    return [
        pgtrigger.Trigger(
            name="candidates_decided",
            level=pgtrigger.Row,
            when=pgtrigger.After,
            operation=pgtrigger.Insert | pgtrigger.Update,
            func=_DECIDED,
        )
    ]
