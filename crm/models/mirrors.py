"""Triggers that mirror a contact's own e-mail, phone and external id as identifiers.

By the database, so that one unique index holds whichever way a contact is written: API, import by COPY, or SQL. A
mirror is a pure function of its contact, its id included, so that undoing a change of the contact undoes it too.
"""

from __future__ import annotations

import pgtrigger

# UUID version 8 (RFC 9562: custom) out of the contact's id; the variant's free bits tell which column it mirrors.
_MIRRORS = """
    INSERT INTO crm_identifier (id, contact_id, kind, system, value, confidence, evidence, first_seen_at, last_seen_at,
        is_primary, created_at, updated_at, version, deleted_at)
    SELECT overlay(overlay(n.id::text PLACING '8' FROM 15) PLACING k.mark FROM 20)::uuid, n.id, k.kind, '', k.value,
        1, '{}', n.created_at, n.created_at, true, n.created_at, n.updated_at, 1, n.deleted_at
    FROM <rows>
    CROSS JOIN LATERAL (VALUES ('email', n.email, '8'), ('phone', n.phone, '9'), ('external_id', n.external_id, 'a'))
        AS k (kind, value, mark)
    WHERE k.value <> ''
"""
_PAIRS = "new_rows n JOIN old_rows o ON o.id = n.id"
_CHANGED = """
    (o.email, o.phone, o.external_id, o.deleted_at)
    IS DISTINCT FROM (n.email, n.phone, n.external_id, n.deleted_at)
"""
_INSERT = _MIRRORS.replace("<rows>", "new_rows n") + "; RETURN NULL;"
_UPDATE = f"""
    IF NOT EXISTS (SELECT FROM {_PAIRS} WHERE {_CHANGED}) THEN
        RETURN NULL;
    END IF;
    DELETE FROM crm_identifier i USING {_PAIRS}
    WHERE {_CHANGED} AND i.contact_id = n.id AND i.is_primary AND (i.deleted_at IS DISTINCT FROM n.deleted_at
        OR i.value IS DISTINCT FROM CASE i.kind WHEN 'email' THEN n.email WHEN 'phone' THEN n.phone
            ELSE n.external_id END);
    -- The others go with their contact and come back with it.
    UPDATE crm_identifier i SET deleted_at = n.deleted_at, updated_at = n.updated_at, version = i.version + 1
    FROM {_PAIRS}
    WHERE o.deleted_at IS DISTINCT FROM n.deleted_at AND i.contact_id = n.id AND NOT i.is_primary
        AND i.deleted_at IS NOT DISTINCT FROM o.deleted_at;
    -- What was a further value and is the contact's own now.
    UPDATE crm_identifier i SET deleted_at = n.updated_at, updated_at = n.updated_at, version = i.version + 1
    FROM {_PAIRS}
    WHERE {_CHANGED} AND n.deleted_at IS NULL AND i.contact_id = n.id AND NOT i.is_primary AND i.deleted_at IS NULL
        AND i.system = '' AND ((i.kind = 'email' AND i.value = n.email)
            OR (i.kind = 'external_id' AND i.value = n.external_id));
    {_MIRRORS.replace("<rows>", _PAIRS)} AND {_CHANGED} ON CONFLICT (id) DO NOTHING;
    RETURN NULL;
"""  # noqa: S608 - made of the constants above
_DELETE = """
    DELETE FROM crm_identifier i USING old_rows o WHERE i.contact_id = o.id;
    RETURN NULL;
"""


def mirror_triggers() -> list[pgtrigger.Trigger]:
    """For `Contact.Meta.triggers`."""
    referencing = pgtrigger.Referencing
    return [
        _trigger("insert", pgtrigger.Insert, referencing(new="new_rows"), _INSERT),
        _trigger("update", pgtrigger.Update, referencing(old="old_rows", new="new_rows"), _UPDATE),
        _trigger("delete", pgtrigger.Delete, referencing(old="old_rows"), _DELETE),
    ]


def _trigger(
    name: str, operation: pgtrigger.Operation, referencing: pgtrigger.Referencing, body: str
) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=f"mirror_{name}",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=referencing,
        func=body,
    )
