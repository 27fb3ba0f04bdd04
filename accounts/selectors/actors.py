"""From a user, a key or a token to the actor, in one query: the party, the grants of its roles, its teams."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection

from accounts import scopes as scoping
from core.actors import Actor, ActorKind, Door, Grant, Visibility


@dataclass(frozen=True, slots=True)
class Found:
    """An actor, with what the doors need beside it."""

    actor: Actor
    user_id: UUID
    email: str
    name: str
    is_staff: bool
    scopes: tuple[str, ...] | None = None
    last_used_at: datetime | None = None
    resources: tuple[str, ...] = ()


# How each kind of credential leads to its user; the columns are the same for all three.
_BY_USER = """
    SELECT u.id AS source_id, NULL::text AS source_name, NULL::text[] AS scopes, NULL::timestamptz AS last_used_at,
           NULL::jsonb AS data, u.*
    FROM accounts_user u WHERE u.id = %(user_id)s
"""
_BY_KEY = """
    SELECT k.id AS source_id, k.name AS source_name, k.scopes, k.last_used_at, NULL::jsonb AS data, u.*
    FROM accounts_api_key k JOIN accounts_user u ON u.id = k.user_id
    WHERE (k.digest = %(digest)s OR (k.previous_digest = %(digest)s AND k.previous_expires_at > %(at)s))
      AND k.deleted_at IS NULL AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > %(at)s)
"""
# A token without a user was issued to a program for itself: it acts for the program's owner.
_BY_TOKEN = """
    SELECT u.id AS source_id, c.name AS source_name, string_to_array(t.scopes, E'\\n') AS scopes,
           NULL::timestamptz AS last_used_at, t.data, u.*
    FROM allauth_idp_oidc_token t JOIN allauth_idp_oidc_client c ON c.id = t.client_id
    JOIN accounts_user u ON u.id = coalesce(t.user_id, c.owner_id)
    WHERE t.type = 'at' AND t.hash = %(digest)s AND (t.expires_at IS NULL OR t.expires_at > %(at)s)
"""
_RESOLVE = """
    WITH RECURSIVE who AS ({who}),
    subtree AS (
        SELECT team_id AS id FROM who WHERE team_id IS NOT NULL
        UNION
        SELECT t.id FROM accounts_team t JOIN subtree s ON t.parent_id = s.id WHERE t.deleted_at IS NULL
    )
    SELECT source_id, source_name, scopes, last_used_at, data, who.id, email, name, is_staff, is_superuser,
           team_id, partner_id,
           CASE WHEN team_id IS NULL THEN NULL ELSE (SELECT array_agg(s.id) FROM subtree s) END,
           (SELECT jsonb_agg(jsonb_build_array(g.entity, g.visibility, g.actions))::text
            FROM accounts_user_role h JOIN accounts_role r ON r.id = h.role_id AND r.deleted_at IS NULL
            JOIN accounts_grant g ON g.role_id = h.role_id WHERE h.user_id = who.id)
    FROM who
    WHERE is_active AND deleted_at IS NULL AND (partner_id IS NULL OR EXISTS (
        SELECT FROM accounts_partner_organisation p WHERE p.id = partner_id AND p.is_active AND p.deleted_at IS NULL))
"""
_STATEMENTS = {
    name: _RESOLVE.format(who=who) for name, who in {"user": _BY_USER, "key": _BY_KEY, "token": _BY_TOKEN}.items()
}


def by_user(*, user_id: UUID, door: Door) -> Found | None:
    """The user as an actor; None where they may not sign in."""
    row = _row("user", {"user_id": user_id})
    return _found(row, None, door) if row else None


def by_key(*, digest: str, at: datetime, door: Door) -> Found | None:
    """The actor of the API key with this digest; None where the key does not hold."""
    row = _row("key", {"digest": digest, "at": at})
    return _found(row, ActorKind.API_KEY, door) if row else None


def by_token(*, digest: str, at: datetime, door: Door) -> Found | None:
    """The actor of the OAuth access token with this digest; None where the token does not hold."""
    row = _row("token", {"digest": digest, "at": at})
    return _found(row, ActorKind.OAUTH_CLIENT, door) if row else None


def _row(source: str, parameters: Mapping[str, Any]) -> Sequence[Any] | None:
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENTS[source], parameters)
        return cursor.fetchone()


def _found(row: Sequence[Any], kind: ActorKind | None, door: Door) -> Found:
    source_id, source_name, scopes, last_used_at, data, user_id, email, name, is_staff, is_superuser, *rest = row
    team_id, partner_id, team_ids, grants = rest
    narrow = None if scopes is None else tuple(scopes)
    by_itself = kind is None
    actor = Actor(
        kind=kind or (ActorKind.PARTNER if partner_id else ActorKind.USER),
        id=source_id,
        label=email if by_itself else f"{source_name} ({email})",
        door=door,
        user_id=user_id,
        team_id=team_id,
        team_ids=frozenset(team_ids or ()),
        partner_id=partner_id,
        grants=effective(grants or "[]", narrow, is_superuser=is_superuser, is_partner=partner_id is not None),
        # A program never passes every check: its scopes would mean nothing.
        is_superuser=is_superuser and by_itself,
    )
    resources = tuple((json.loads(data) or {}).get("resources", ())) if data else ()
    return Found(actor, user_id, email, name, is_staff, narrow, last_used_at, resources)


@lru_cache(maxsize=1024)
def effective(
    grants: str, scopes: tuple[str, ...] | None, *, is_superuser: bool, is_partner: bool
) -> Mapping[str, tuple[Grant, ...]]:
    """The grants by entity, from the rows as JSON text; the same text is parsed once.

    Partners' people keep only what is granted with visibility `partner`, whatever roles somebody gave them.
    """
    held: dict[str, dict[Visibility, frozenset[str]]] = {}
    for entity, visibility, actions in json.loads(grants):
        if is_partner and visibility != Visibility.PARTNER:
            continue
        by_visibility = held.setdefault(entity, {})
        reach = Visibility(visibility)
        by_visibility[reach] = by_visibility.get(reach, frozenset()) | frozenset(actions)
    merged = {
        entity: tuple(Grant(actions, reach) for reach, actions in sorted(by_visibility.items()))
        for entity, by_visibility in held.items()
    }
    if scopes is None:
        return merged
    return scoping.narrowed(scoping.everything() if is_superuser else merged, scopes)
