"""A piece of a scan: pairs are read, scored by the rule of the list of one contact, and written in one statement."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from core.ids import new_id
from crm.selectors.duplicate_scoring import COLUMNS, reasons, score, signals

# So many pairs are held in memory at once.
PIECE = 5000

Pair = tuple[UUID, UUID]

_CONTACTS = f"SELECT {', '.join(COLUMNS)} FROM crm_contact WHERE id = ANY(%s) AND deleted_at IS NULL"  # noqa: S608
# Whoever deletes, merges or decides now waits, and then removes what is written here (`candidate_triggers`).
_LOCK = "SELECT id FROM crm_contact WHERE id = ANY(%s) AND deleted_at IS NULL ORDER BY id FOR SHARE"
# Also what was decided about contacts that were merged into one of the pair since.
_SETTLED = """
    WITH RECURSIVE family AS (
        SELECT id AS root, id FROM unnest(%s::uuid[]) AS id
        UNION
        SELECT f.root, c.id FROM crm_contact c JOIN family f ON c.merged_into_id = f.id
    )
    SELECT DISTINCT least(a.root, b.root), greatest(a.root, b.root)
    FROM family a JOIN crm_duplicate_decision d ON d.contact_id = a.id JOIN family b ON b.id = d.other_id
    WHERE d.deleted_at IS NULL AND (d.until IS NULL OR d.until > %s)
"""
_WRITE = """
    INSERT INTO crm_duplicate_candidate AS old
        (id, contact_id, other_id, score, reasons, found_at, scan, created_at, updated_at, version)
    SELECT n.id, n.contact_id, n.other_id, n.score, n.reasons::jsonb, %(at)s, %(scan)s, %(at)s, %(at)s, 1
    FROM unnest(%(ids)s::uuid[], %(ones)s::uuid[], %(others)s::uuid[], %(scores)s::numeric[], %(reasons)s::text[])
        AS n (id, contact_id, other_id, score, reasons)
    ON CONFLICT (contact_id, other_id) DO UPDATE SET
        scan = excluded.scan, score = excluded.score, reasons = excluded.reasons,
        updated_at = CASE WHEN (old.score, old.reasons) = (excluded.score, excluded.reasons) THEN old.updated_at
            ELSE excluded.updated_at END,
        version = old.version + ((old.score, old.reasons) <> (excluded.score, excluded.reasons))::int
    RETURNING old.version = 1 AND old.created_at = %(at)s
"""
_OTHERS = "DELETE FROM crm_duplicate_candidate p WHERE p.scan <> %s"
_OF_CHANGED = """
    AND (EXISTS (SELECT FROM crm_scan_changed s WHERE s.id = p.contact_id)
        OR EXISTS (SELECT FROM crm_scan_changed s WHERE s.id = p.other_id))
"""


def score_and_write(scan: UUID, *, first: int, last: int, at: datetime) -> tuple[int, int]:
    """The pairs with these numbers. Returns how many are above the threshold, and how many of those are new."""
    pairs = _rows("SELECT contact_id, other_id FROM crm_scan_pair WHERE number BETWEEN %s AND %s", [first, last])
    people = {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in _rows(_CONTACTS, [_members(pairs)])}
    threshold = Decimal(str(settings.DUPLICATE_THRESHOLD))
    found: dict[Pair, tuple[Decimal, str]] = {}
    for one, other in pairs:
        if one not in people or other not in people:
            continue
        telling = signals(people[one], people[other])
        value = score(telling)
        if value >= threshold:
            found[one, other] = value, json.dumps(reasons(telling))
    return _write(scan, found, at) if found else (0, 0)


def remove_others(scan: UUID, *, full: bool) -> int:
    """Remove what this scan looked at and did not find any more. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS + ("" if full else _OF_CHANGED), [scan])
        return int(cursor.rowcount)


def _write(scan: UUID, found: dict[Pair, tuple[Decimal, str]], at: datetime) -> tuple[int, int]:
    there = {row[0] for row in _rows(_LOCK, [_members(found)])}
    settled = set(_rows(_SETTLED, [_members(found), at]))
    kept = [(pair, item) for pair, item in found.items() if there.issuperset(pair) and pair not in settled]
    values: dict[str, Any] = {
        "at": at,
        "scan": scan,
        "ids": [new_id() for _ in kept],
        "ones": [pair[0] for pair, _ in kept],
        "others": [pair[1] for pair, _ in kept],
        "scores": [item[0] for _, item in kept],
        "reasons": [item[1] for _, item in kept],
    }
    written = _rows(_WRITE, values)
    return len(written), sum(new for (new,) in written)


def _members(pairs: Iterable[Pair]) -> list[UUID]:
    return sorted({key for pair in pairs for key in pair})


def _rows(sql: str, values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
