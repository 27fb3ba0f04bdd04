"""Whom a contact brought, whom those brought, and so on."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection

from core.actors import Actor
from core.errors import Invalid, NotFound
from core.registry import types
from crm.models import Contact, Referral

MOMENT = types.DateTime()
MAX_DEPTH = 10
MAX_NODES = 1000

# Two contacts who were merged may have brought each other, over others: nobody stands below themselves.
# The levels come one after the other out of the recursion, so it ends as soon as there are enough.
_TREE = """
    WITH RECURSIVE seen AS NOT MATERIALIZED ({referrals}), people AS NOT MATERIALIZED ({people}), tree AS (
        SELECT r.id, r.referrer_id, r.referred_id, r.status, r.occurred_at, 1 AS depth,
            ARRAY[r.referrer_id, r.referred_id] AS way
        FROM seen r
        WHERE r.referrer_id = %s AND r.referred_id IN (SELECT id FROM people)
        UNION ALL
        SELECT r.id, r.referrer_id, r.referred_id, r.status, r.occurred_at, t.depth + 1, t.way || r.referred_id
        FROM tree t JOIN seen r ON r.referrer_id = t.referred_id AND r.referred_id <> ALL (t.way)
        WHERE t.depth < %s AND r.referred_id IN (SELECT id FROM people)
    )
    SELECT t.id, t.referrer_id, t.referred_id, c.name, t.status, t.occurred_at, t.depth
    FROM (SELECT * FROM tree LIMIT %s) t JOIN crm_contact c ON c.id = t.referred_id
    ORDER BY t.depth, t.occurred_at, t.id
"""


def fetch(*, actor: Actor, record_id: UUID, at: datetime, depth: int | None = None, limit: int | None = None) -> Any:
    """The tree below a contact by the referrals that count, level by level, in one query.

    What the actor may not see is left out, and whatever is below it. Raises Forbidden, NotFound, Invalid.
    """
    actor.require("contact", "view")
    depth, limit = 3 if depth is None else depth, 200 if limit is None else limit
    for name, value, most in (("depth", depth, MAX_DEPTH), ("limit", limit, MAX_NODES)):
        if not 1 <= value <= most:
            raise Invalid.one(f"/{name}", "out_of_range", f"Must be between 1 and {most}.")
    visible = Contact.objects.visible_to(actor).alive()
    if not visible.filter(pk=record_id).exists():
        raise NotFound(entity="contact", id=str(record_id))
    actor.require("referral", "view")
    columns = ("id", "referrer_id", "referred_id", "status", "occurred_at")
    counted = Referral.objects.visible_to(actor).alive().filter(is_counted=True).values(*columns)
    found: list[Any] = []
    with suppress(EmptyResultSet), connection.cursor() as cursor:
        referrals, people = counted.query.sql_with_params(), visible.values("id").query.sql_with_params()
        query = _TREE.format(referrals=referrals[0], people=people[0])
        cursor.execute(query, [*referrals[1], *people[1], record_id, depth, limit + 1])
        found = cursor.fetchall()
    return {
        "contact_id": str(record_id),
        "nodes": [_node(*row) for row in found[:limit]],
        "truncated": len(found) > limit,
    }


def _node(
    key: UUID, referrer: UUID, referred: UUID, name: str | None, status: str, at: datetime, depth: int
) -> dict[str, Any]:
    return {
        "contact_id": str(referred),
        "name": name,
        "referrer_id": str(referrer),
        "referral_id": str(key),
        "status": status,
        "occurred_at": MOMENT.dump(at),
        "depth": depth,
    }
