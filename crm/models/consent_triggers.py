"""Triggers of consents: what was stated is never changed, and the present state follows in the same transaction.

Triggers, so that bulk writes (imports, merges) keep the states too.
"""

from __future__ import annotations

import pgtrigger

from core.personal.forgetting import ERASING

_STATE = """
    INSERT INTO crm_consent_state AS s (
        id, created_at, updated_at, version, contact_id, channel, purpose, status, legal_basis, since, expires_at,
        consent_id
    )
    SELECT DISTINCT ON (c.contact_id, c.channel, c.purpose)
        c.id, c.created_at, c.created_at, 1, c.contact_id, c.channel, c.purpose, c.status, c.legal_basis,
        c.occurred_at, c.expires_at, c.id
    FROM <rows> c
    WHERE c.deleted_at IS NULL
    ORDER BY c.contact_id, c.channel, c.purpose, c.occurred_at DESC, c.id DESC
    ON CONFLICT (contact_id, channel, purpose) DO UPDATE SET
        updated_at = excluded.updated_at, version = s.version + 1, status = excluded.status,
        legal_basis = excluded.legal_basis, since = excluded.since, expires_at = excluded.expires_at,
        consent_id = excluded.consent_id
    WHERE (excluded.since, excluded.consent_id) > (s.since, s.consent_id);
"""
# Where consents move to another contact or go, the states of both are made anew from what is there.
_ANEW = """
    IF EXISTS (<changed>) THEN
        DELETE FROM crm_consent_state WHERE id IN (
            SELECT s.id FROM crm_consent_state s JOIN (<changed>) AS k USING (contact_id, channel, purpose)
            ORDER BY s.contact_id, s.channel, s.purpose FOR UPDATE OF s
        );
        <state>
    END IF;
"""
_KEY = "contact_id, channel, purpose"
_MOVED = f"""
    SELECT DISTINCT x.{_KEY.replace(", ", ", x.")} FROM (
        SELECT id, {_KEY}, deleted_at FROM old_rows UNION ALL SELECT id, {_KEY}, deleted_at FROM new_rows
    ) x
    JOIN old_rows o ON o.id = x.id JOIN new_rows n ON n.id = x.id
    WHERE (o.contact_id, o.deleted_at) IS DISTINCT FROM (n.contact_id, n.deleted_at)
"""  # noqa: S608 - names of our own
_GONE = f"SELECT DISTINCT {_KEY} FROM old_rows"  # noqa: S608
_OF_CHANGED = "(SELECT f.* FROM crm_consent f JOIN (<changed>) AS k USING (contact_id, channel, purpose))"


def keeps_states() -> list[pgtrigger.Trigger]:
    """After insert, update and delete, statement by statement."""
    referencing = pgtrigger.Referencing
    inserted = _STATE.replace("<rows>", "new_rows")
    return [
        _after("consent_state_insert", pgtrigger.Insert, referencing(new="new_rows"), inserted),
        _after("consent_state_update", pgtrigger.Update, referencing(old="old_rows", new="new_rows"), _anew(_MOVED)),
        _after("consent_state_delete", pgtrigger.Delete, referencing(old="old_rows"), _anew(_GONE)),
    ]


def append_only() -> pgtrigger.Trigger:
    """A consent changes its contact, by a merge, and nothing else; it goes only with the person."""
    return pgtrigger.Trigger(
        name="consent_append_only",
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func=f"""
            IF coalesce(current_setting('{ERASING}', true), '') <> 'on' AND (
                TG_OP = 'DELETE' OR (to_jsonb(NEW) - '{{contact_id,version,updated_at}}'::text[])
                    IS DISTINCT FROM (to_jsonb(OLD) - '{{contact_id,version,updated_at}}'::text[])
            ) THEN
                RAISE EXCEPTION 'a consent is never changed: add another' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
        """,
    )


def _anew(changed: str) -> str:
    state = _STATE.replace("<rows>", _OF_CHANGED)
    return _ANEW.replace("<state>", state).replace("<changed>", changed)


def _after(
    name: str, operation: pgtrigger.Operation, referencing: pgtrigger.Referencing, body: str
) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=referencing,
        func=f"{body} RETURN NULL;",
    )
