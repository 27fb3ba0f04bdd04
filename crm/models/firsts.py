"""Triggers that keep what is first: a contact's first touch, a person's first referrer.

Triggers, so that imports, merges and whatever else writes many rows keep them too. Each first locks the contacts that
it is about, in the order of their ids, and then looks at what there is: of two writers at once the second sees what the
first wrote.
"""

# ruff: noqa: S608 - the SQL is made of names of our own

from __future__ import annotations

from collections.abc import Mapping

import pgtrigger

_LOCK = """
    people := ARRAY(SELECT DISTINCT x.<column> FROM (<rows>) x WHERE x.<column> IS NOT NULL);
    IF people = '{}' THEN RETURN NULL; END IF;
    PERFORM 1 FROM crm_contact WHERE id = ANY(people) ORDER BY id FOR NO KEY UPDATE;
"""
# Where people have entered no source, a touch that is new to the contact is it; not one that a merge brings.
_ACQUISITION = """
    UPDATE crm_contact c SET
        acquisition_touch_id = f.id, acquisition_at = f.occurred_at, acquisition_source = f.source,
        acquisition_medium = f.medium, acquisition_campaign = f.campaign_code,
        source = CASE WHEN is_new THEN coalesce(nullif(c.source, ''), f.source) ELSE c.source END,
        source_detail = CASE WHEN is_new AND coalesce(c.source, '') = '' AND coalesce(c.source_detail, '') = ''
                             THEN f.campaign_code ELSE c.source_detail END,
        version = c.version + 1,
        updated_at = coalesce((nullif(current_setting('bifocal.actor', true), '')::jsonb->>'at')::timestamptz, now())
    FROM unnest(people) AS p (id) LEFT JOIN LATERAL (
        SELECT t.* FROM crm_touch t WHERE t.contact_id = p.id AND t.deleted_at IS NULL
        ORDER BY t.occurred_at, t.id LIMIT 1
    ) f ON true
    WHERE c.id = p.id AND (c.acquisition_touch_id, c.acquisition_at, c.acquisition_source, c.acquisition_medium,
        c.acquisition_campaign) IS DISTINCT FROM (f.id, f.occurred_at, f.source, f.medium, f.campaign_code);
    RETURN NULL;
"""
# What this update does to the rows needs no other look at them.
_COUNTED = """
    UPDATE crm_referral r SET is_counted = NOT r.is_counted
    WHERE r.referred_id = ANY(people) AND r.is_counted <> (r.deleted_at IS NULL AND r.id = (
        SELECT f.id FROM crm_referral f WHERE f.referred_id = r.referred_id AND f.deleted_at IS NULL
        ORDER BY f.occurred_at, f.id LIMIT 1
    ));
    RETURN NULL;
"""
_ROOT = "IF pg_trigger_depth() > 1 THEN RETURN NULL; END IF;"


# By event: whether a touch came to a contact that was nobody's before.
_IS_NEW = {
    "insert": "is_new := true;",
    "update": "is_new := EXISTS (SELECT FROM old_rows WHERE contact_id IS NULL);",
    "delete": "is_new := false;",
}


def keeps_acquisition() -> list[pgtrigger.Trigger]:
    """The triggers of touches, after insert, update and delete."""
    return _triggers("acquisition", "contact_id", _ACQUISITION, before=_IS_NEW)


def counts_first_referrer() -> list[pgtrigger.Trigger]:
    """The triggers of referrals, after insert, update and delete."""
    return _triggers("first_referrer", "referred_id", _COUNTED, before=dict.fromkeys(_IS_NEW, _ROOT))


def _triggers(name: str, column: str, body: str, *, before: Mapping[str, str]) -> list[pgtrigger.Trigger]:
    referencing = pgtrigger.Referencing
    old, new = f"SELECT {column} FROM old_rows", f"SELECT {column} FROM new_rows"
    kinds = (
        ("insert", pgtrigger.Insert, referencing(new="new_rows"), new),
        ("update", pgtrigger.Update, referencing(old="old_rows", new="new_rows"), f"{old} UNION ALL {new}"),
        ("delete", pgtrigger.Delete, referencing(old="old_rows"), old),
    )
    return [
        pgtrigger.Trigger(
            name=f"{name}_{event}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=tables,
            declare=[("people", "uuid[]"), ("is_new", "boolean")],
            func=before[event] + _LOCK.replace("<column>", column).replace("<rows>", rows) + body,
        )
        for event, operation, tables, rows in kinds
    ]
