"""Which contacts are compared with one contact: those that share a block with it. Each block reads one index."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from core.actors import Actor
from crm.models import Contact
from crm.selectors import nicknames
from crm.selectors.duplicate_scoring import COLUMNS

# Of one block: a switchboard's number or the commonest name proposes no more than these.
BLOCK = 100
# Of the names that are alike, so many are weighed for the block.
WEIGHED = 1_000
# Names that are less alike than this are not looked at, but where something else is shared. One letter of a short
# name is much of it.
NAME_BLOCK, SHORT_NAME_BLOCK, SHORT_NAME = 0.6, 0.5, 8
NAME_BESIDE = 0.3

_SEEN = re.compile(r"<seen of ([\w.]+)>")
_SHOWN = ", ".join(f"c.{column}" for column in COLUMNS)
# Deleted contacts, merged ones among them, are nobody's duplicates.
_FOUND = """
        (SELECT i.contact_id AS id FROM crm_identifier mine
            JOIN crm_identifier i ON i.value = mine.value AND i.kind = mine.kind AND i.system = mine.system
                AND i.deleted_at IS NULL
            WHERE mine.contact_id = %(id)s AND mine.deleted_at IS NULL AND mine.kind = 'phone'
                AND i.contact_id <> %(id)s
            <seen of i.contact_id>
            LIMIT %(block)s)
        UNION
        (SELECT a.id FROM me, (
                SELECT c.id, c.name, c.city FROM crm_contact c
                WHERE upper(c.name) %% (SELECT upper(name) FROM me) AND c.deleted_at IS NULL AND c.id <> %(id)s
                <seen of c.id>
                LIMIT %(weighed)s
            ) a
            ORDER BY (a.city = me.city) IS TRUE DESC, similarity(upper(a.name), upper(me.name)) DESC, a.id
            LIMIT %(block)s)
        UNION
        (SELECT c.id FROM crm_contact c
            WHERE c.name = ANY(%(forms)s) AND c.deleted_at IS NULL AND c.id <> %(id)s
            <seen of c.id>
            LIMIT %(block)s)
        UNION
        (SELECT c.id FROM crm_contact c
            WHERE split_part(c.email, '@', 1) = (SELECT split_part(email, '@', 1) FROM me) AND c.email IS NOT NULL
                AND c.deleted_at IS NULL AND c.id <> %(id)s
            <seen of c.id>
            LIMIT %(block)s)
        UNION
        (SELECT c.id FROM crm_contact c, me
            WHERE c.birth_date = (SELECT birth_date FROM me) AND c.deleted_at IS NULL AND c.id <> %(id)s
                AND similarity(upper(c.name), upper(me.name)) >= %(beside)s
            <seen of c.id>
            LIMIT %(block)s)
        UNION
        (SELECT c.id FROM crm_contact c, me
            WHERE c.company_id = (SELECT company_id FROM me) AND c.deleted_at IS NULL AND c.id <> %(id)s
                AND (lower(c.last_name) = lower(me.last_name) OR lower(c.first_name) = lower(me.first_name))
            <seen of c.id>
            LIMIT %(block)s)
"""
# Also what was decided about a contact that was merged into one of them since.
_SETTLED = """
        WITH RECURSIVE family AS (
            SELECT id FROM me
            UNION
            SELECT c.id FROM crm_contact c JOIN family f ON c.merged_into_id = f.id
        ), decided AS (
            SELECT d.other_id AS id FROM family f JOIN crm_duplicate_decision d ON d.contact_id = f.id
            WHERE d.deleted_at IS NULL AND (d.until IS NULL OR d.until > %(at)s)
            UNION ALL
            SELECT d.contact_id FROM family f JOIN crm_duplicate_decision d ON d.other_id = f.id
            WHERE d.deleted_at IS NULL AND (d.until IS NULL OR d.until > %(at)s)
        ), roots AS (
            SELECT id FROM decided
            UNION
            SELECT c.merged_into_id FROM crm_contact c JOIN roots r ON c.id = r.id WHERE c.merged_into_id IS NOT NULL
        )
        SELECT id FROM roots
"""
_BLOCKS = f"""
    WITH me AS MATERIALIZED (SELECT * FROM crm_contact WHERE id = %(id)s),
    found AS ({_FOUND}),
    settled AS ({_SETTLED})
    SELECT {_SHOWN} FROM crm_contact c
    WHERE c.deleted_at IS NULL AND c.id = ANY(ARRAY(SELECT id FROM found EXCEPT SELECT id FROM settled))
    UNION ALL
    SELECT {_SHOWN} FROM me c
"""  # noqa: S608 - of constants


def around(contact_id: UUID, *, actor: Actor, at: datetime) -> dict[UUID, dict[str, Any]]:
    """The contact and those that it is compared with, as the scoring reads them, by id: of those the actor may see."""
    values: dict[str, Any] = {
        "id": contact_id, "block": BLOCK, "weighed": WEIGHED, "beside": NAME_BESIDE, "at": at,
    }  # fmt: skip
    blocks, seen = _among(actor)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT first_name, last_name, name FROM crm_contact WHERE id = %s", [contact_id])
        first, last, name = cursor.fetchone()
        alike = SHORT_NAME_BLOCK if len(name or "") < SHORT_NAME else NAME_BLOCK
        # The threshold of trigrams holds for this transaction alone.
        cursor.execute("SELECT set_config('pg_trgm.similarity_threshold', %s, true)", [str(alike)])
        cursor.execute(blocks, values | seen | {"forms": _forms(first, last)})
        return {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()}


def _among(actor: Actor) -> tuple[str, dict[str, Any]]:
    """The query with the blocks cut off among what the actor may see: what is hidden takes nobody's place."""
    if Contact.scope.sees_all(actor, actor.visibilities("contact", "view")):
        return _SEEN.sub("", _BLOCKS), {}
    sql, parameters = Contact.objects.visible_to(actor).values("pk").query.sql_with_params()
    values = {f"seen{number}": value for number, value in enumerate(parameters)}
    rows = sql % tuple(f"%({name})s" for name in values)
    return _SEEN.sub(lambda found: f"AND {found[1]} IN ({rows})", _BLOCKS), values


def _forms(first: str | None, last: str | None) -> list[str]:
    """The name with short forms of the first name, as it is mostly written."""
    return [f"{form.capitalize()} {last or ''}".strip() for form in nicknames.forms(first or "")]
