"""Which pairs a scan compares: blocks of all contacts, made in sets by the database, in tables that no crash outlives.

The keys of blocks are hashes: the tables hold nothing of a person. Two keys that meet by chance cost one comparison.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from crm.selectors import nicknames
from crm.selectors.duplicate_scoring import OTHER_BIRTH_DATE

# Larger blocks are passed over: a switchboard, or a name that is everybody's.
BLOCK = 50
# What was written under way when the last scan began may bear an earlier time.
MARGIN = timedelta(minutes=10)
# In the order of the numbers that stand for them in the table.
KINDS = ("name", "name_and_city", "name_and_domain", "email_name", "birth_date_and_name", "company_and_name", "phone")
TABLES = ("crm_scan_changed", "crm_scan_key", "crm_scan_found", "crm_scan_pair")

_MEMORY = "64MB"
_CHANGED = """
    INSERT INTO crm_scan_changed
    SELECT id FROM crm_contact WHERE updated_at >= %(since)s
    UNION
    SELECT contact_id FROM crm_identifier WHERE updated_at >= %(since)s AND kind = 'phone' AND NOT is_primary
    UNION
    SELECT unnest(ARRAY[contact_id, other_id]) FROM crm_duplicate_decision
    WHERE updated_at >= %(since)s OR deleted_at >= %(since)s OR until BETWEEN %(since)s AND %(as_of)s
"""
# Names with their words in order and short forms spelled out, so that swapped ones meet.
_KEYS = """
    INSERT INTO crm_scan_key
    SELECT k.kind, hashtextextended(k.key, k.kind), c.id, c.birth_date - date '1900-01-01',
        %(full)s OR EXISTS (SELECT FROM crm_scan_changed s WHERE s.id = c.id)
    FROM crm_contact c
    CROSS JOIN LATERAL (
        SELECT array_agg(DISTINCT coalesce(%(names)s::jsonb ->> word, word)) AS words
        FROM regexp_split_to_table(lower(concat_ws(' ', c.first_name, c.last_name)), '[^[:alnum:]]+') AS word
        WHERE word <> ''
    ) AS n
    CROSS JOIN LATERAL (
        SELECT 0 AS kind, array_to_string(n.words, ' ') AS key
        UNION ALL SELECT 1, array_to_string(n.words, ' ') || '|' || lower(c.city)
        UNION ALL SELECT 2, array_to_string(n.words, ' ') || '|' || split_part(c.email, '@', 2)
            WHERE split_part(c.email, '@', 2) <> ALL (%(domains)s)
        UNION ALL SELECT 3, split_part(c.email, '@', 1) WHERE length(split_part(c.email, '@', 1)) > 4
        UNION ALL SELECT 4, c.birth_date || '|' || word FROM unnest(n.words) AS word
        UNION ALL SELECT 5, c.company_id || '|' || word FROM unnest(n.words) AS word
    ) AS k
    WHERE c.deleted_at IS NULL AND k.key <> ''
    UNION ALL
    SELECT DISTINCT 6, hashtextextended(i.value, 6), c.id, c.birth_date - date '1900-01-01',
        %(full)s OR EXISTS (SELECT FROM crm_scan_changed s WHERE s.id = c.id)
    FROM crm_identifier i JOIN crm_contact c ON c.id = i.contact_id AND c.deleted_at IS NULL
    WHERE i.kind = 'phone' AND i.deleted_at IS NULL
"""
_LARGE = """
    SELECT count(*), coalesce(sum(size), 0), coalesce(max(size), 0)
    FROM (SELECT count(*) AS size FROM crm_scan_key WHERE kind = %(kind)s GROUP BY key HAVING count(*) > %(block)s) b
"""
# Pairs that a different birth date keeps from ever scoring enough are not worth a comparison.
_PAIRS = """
    INSERT INTO crm_scan_found
    SELECT a.contact_id, b.contact_id
    FROM (
        SELECT key FROM crm_scan_key WHERE kind = %(kind)s
        GROUP BY key HAVING count(*) BETWEEN 2 AND %(block)s AND bool_or(changed)
    ) AS k
    JOIN crm_scan_key a ON a.kind = %(kind)s AND a.key = k.key
    JOIN crm_scan_key b ON b.kind = %(kind)s AND b.key = k.key AND a.contact_id < b.contact_id
    WHERE (a.changed OR b.changed)
        AND (NOT %(by_birth)s OR a.born = b.born OR a.born IS NULL OR b.born IS NULL)
"""
_NUMBERED = """
    INSERT INTO crm_scan_pair
    SELECT row_number() OVER (ORDER BY contact_id, other_id), contact_id, other_id
    FROM (SELECT DISTINCT contact_id, other_id FROM crm_scan_found) AS p
"""
_TABLES = """
    CREATE UNLOGGED TABLE crm_scan_changed (id uuid PRIMARY KEY);
    CREATE UNLOGGED TABLE crm_scan_key (kind smallint, key bigint, contact_id uuid, born integer, changed boolean);
    CREATE UNLOGGED TABLE crm_scan_found (contact_id uuid, other_id uuid);
    CREATE UNLOGGED TABLE crm_scan_pair (number bigint, contact_id uuid, other_id uuid);
    INSERT INTO crm_scan_pair VALUES (0, NULL, NULL);
"""


def make(*, since: datetime | None, as_of: datetime, report: Callable[[str], None]) -> dict[str, Any]:
    """Make the pairs: those with a contact that changed since then, or all. Tells how many, and what was passed over.

    `report` is told what is being done, and may raise to stop it.
    """
    drop()
    names = json.dumps(nicknames.NAMES)
    common = {"full": since is None, "names": names, "domains": sorted(settings.COMMON_MAIL_DOMAINS)}
    report("Reading the contacts")
    _run(_TABLES)
    if since is not None:
        _run(_CHANGED, {"since": since - MARGIN, "as_of": as_of})
        _run("ANALYZE crm_scan_changed")
    _run(_KEYS, common)
    _run("ANALYZE crm_scan_key")
    skipped = {}
    for number, kind in enumerate(KINDS):
        report(f"Blocks by {kind.replace('_', ' ')}")
        by_birth = settings.DUPLICATE_THRESHOLD > OTHER_BIRTH_DATE
        values = {"kind": number, "block": BLOCK, "by_birth": by_birth}
        blocks, contacts, largest = _run(_LARGE, values) or (0, 0, 0)
        if blocks:
            skipped[kind] = {"blocks": blocks, "contacts": int(contacts), "largest": largest}
        _run(_PAIRS, values)
    report("Numbering the pairs")
    _run("DROP TABLE crm_scan_key")
    _run(_NUMBERED)
    _run("DROP TABLE crm_scan_found; CREATE UNIQUE INDEX crm_scan_pair_number ON crm_scan_pair (number)")
    (pairs,) = _run("SELECT max(number) FROM crm_scan_pair") or (0,)
    return {"pairs": pairs, "skipped_blocks": skipped}


def are_there(pairs: int) -> bool:
    """Whether the tables of a scan with so many pairs are whole: a crash of the database empties them."""
    (table,) = _run("SELECT to_regclass('crm_scan_pair')") or (None,)
    return table is not None and _run("SELECT max(number) FROM crm_scan_pair") == (pairs,)


def drop() -> None:
    """Leave nothing behind."""
    _run(f"DROP TABLE IF EXISTS {', '.join(TABLES)}")


def _run(sql: str, values: dict[str, Any] | None = None) -> tuple[Any, ...] | None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('work_mem', %s, true)", [_MEMORY])
        cursor.execute(sql, values)
        row: tuple[Any, ...] | None = cursor.fetchone() if cursor.description else None
        return row
