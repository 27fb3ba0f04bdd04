"""From a user, a key or a token to the actor, in one query: the party, the grants of its roles, its teams."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from accounts import scopes as scoping
from accounts.models import ApiKey
from accounts.selectors.identity import RESOURCE
from core.actors import Actor, ActorKind, Door, Grant, Visibility
from core.database.cursors import run_prepared


@dataclass(frozen=True, slots=True)
class Found:
    """An actor, with what the doors need beside it."""

    actor: Actor
    user_id: UUID
    last_used_at: datetime | None = None
    resources: tuple[str, ...] = ()


_RESOLVE = "SELECT * FROM accounts_actor(%s, %s, %s, %s)"  # made by a migration, where its plans are kept


def by_user(*, user_id: UUID, door: Door) -> Found | None:
    """The user as an actor; None where they may not sign in."""
    row = _row("user", user_id=user_id)
    return _found(row, None, door) if row else None


def by_key(*, digest: str, at: datetime, door: Door) -> Found | None:
    """The actor of the API key with this digest; None where the key does not hold."""
    row = _row("key", digest=digest, at=at)
    return _found(row, ActorKind.API_KEY, door) if row else None


def by_token(*, digest: str, at: datetime, door: Door) -> Found | None:
    """The actor of the OAuth access token with this digest; None where the token does not hold."""
    row = _row("token", digest=digest, at=at)
    return _found(row, ActorKind.OAUTH_CLIENT, door) if row else None


def again(kind: ActorKind, party_id: UUID, user_id: UUID | None, door: Door, at: datetime) -> Actor | None:
    """The party that asked for long work, as it may act at this moment; None where it may not any more."""
    if kind is ActorKind.API_KEY:
        digest = ApiKey.objects.filter(pk=party_id).values_list("digest", flat=True).first()
        found = by_key(digest=digest, at=at, door=door) if digest else None
    else:
        found = by_user(user_id=user_id, door=door) if user_id else None
    return replace(found.actor, kind=kind, id=party_id) if found else None


def _row(
    by: str, *, user_id: UUID | None = None, digest: str | None = None, at: datetime | None = None
) -> Sequence[Any] | None:
    rows = run_prepared(_RESOLVE, [by, user_id, digest, at])
    return rows[0] if rows else None


def _found(row: Sequence[Any], kind: ActorKind | None, door: Door) -> Found:
    source_id, source_name, scopes, last_used_at, data, user_id, email, _, _, is_superuser, *rest = row
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
    return Found(actor, user_id, last_used_at, resources)


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
    if scopes is not None:
        merged = scoping.narrowed(scoping.everything() if is_superuser else merged, scopes)
    return merged | {RESOURCE: (Grant(frozenset({"view"}), Visibility.OWN),)}
