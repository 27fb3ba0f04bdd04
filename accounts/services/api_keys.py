"""Writes of API keys: issue, rotate, revoke, change. A key's secret is told once, by issue and rotate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts import policies
from accounts import scopes as scoping
from accounts.errors import Escalation
from accounts.models import ApiKey, User
from accounts.services import secrets
from core.actors import Actor, ActorKind
from core.errors import Conflict, FieldError, Forbidden, Invalid
from core.history.context import acting
from core.writes import inputs
from core.writes.base import Write, Writes

MAX_OVERLAP = timedelta(days=7)


class ApiKeys(Writes[ApiKey]):
    """Keys act as their user: whoever makes, widens or renews one must hold all that it reaches."""

    def prepare(self, change: Write[ApiKey]) -> None:
        """Check what the key reaches."""
        key = change.record
        if change.created or {"scopes", "expires_at"} & set(change.before):
            _check_scopes(key.scopes)
            _check_expiry(key, change.at)
            _check_reach(change.actor, key)

    def issue(
        self,
        *,
        actor: Actor,
        at: datetime,
        name: str,
        scopes: Sequence[str],
        user_id: UUID | None = None,
        expires_at: datetime | None = None,
    ) -> dict[str, Any]:
        """Make a key for oneself, or for another where that is granted; the answer holds the secret.

        Raises Forbidden, Invalid, Escalation.
        """
        actor.require(self.entity_name, "create")
        owner_id = user_id or actor.user_id
        if owner_id is None:
            raise Invalid.one("/user_id", "required", "Say for whom the key is.")
        secret = secrets.new()
        with transaction.atomic():
            acting(actor, at)
            inputs.check_references(self.entity, {"user_id": owner_id} if user_id else {}, actor=actor)
            key = ApiKey(created_at=at, updated_at=at, user_id=owner_id, name=name, scopes=sorted(set(scopes)))
            key.expires_at, key.prefix, key.digest = expires_at, secret.prefix, secret.digest
            change = Write(actor=actor, at=at, record=key, values={}, created=True)
            self.prepare(change)
            with inputs.translated_integrity():
                key.save(force_insert=True)
            self.require_within_scope(actor, "create", key)
            self._publish("created", change)
        return _told(key, secret)

    def rotate(self, *, actor: Actor, at: datetime, record_id: UUID, overlap_minutes: int = 0) -> dict[str, Any]:
        """Replace the secret; the old works on for the overlap. Raises NotFound, Forbidden, Conflict, Escalation."""
        secret = secrets.new()
        with transaction.atomic():
            acting(actor, at)
            key = self.lock(actor=actor, record_id=record_id, action="rotate")
            if key.revoked_at is not None:
                raise Conflict("The key is revoked.")
            _check_reach(actor, key)
            change = Write(actor=actor, at=at, record=key, values={}, created=False, before={"prefix": key.prefix})
            overlap = min(timedelta(minutes=overlap_minutes), MAX_OVERLAP)
            key.previous_digest = key.digest if overlap else None
            key.previous_expires_at = at + overlap if overlap else None
            key.prefix, key.digest = secret.prefix, secret.digest
            self.apply(change, action="rotate")
        return _told(key, secret)

    def revoke(self, *, actor: Actor, at: datetime, record_id: UUID) -> UUID:
        """Make the key stop working, for good. Raises NotFound, Forbidden."""
        with transaction.atomic():
            acting(actor, at)
            key = self.lock(actor=actor, record_id=record_id, action="revoke")
            if key.revoked_at is None:
                change = Write(actor=actor, at=at, record=key, values={}, created=False, before={"revoked_at": None})
                key.revoked_at = at
                self.apply(change, action="revoke")
        return key.pk


def _told(key: ApiKey, secret: secrets.NewSecret) -> dict[str, Any]:
    return {
        "id": str(key.pk),
        "name": key.name,
        "user_id": str(key.user_id),
        "key": secret.text,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
    }


def _check_scopes(scopes: Sequence[str]) -> None:
    if not scopes:
        raise Invalid.one("/scopes", "required", "A key needs a scope.")
    unknown = [item for item in scopes if item not in set(scoping.known())]
    if unknown:
        raise Invalid([FieldError("/scopes", "unknown_scope", f"There is no scope {item!r}.") for item in unknown])


def _check_expiry(key: ApiKey, at: datetime) -> None:
    if key.expires_at is not None and key.expires_at <= at:
        raise Invalid.one("/expires_at", "in_the_past", "Must lie in the future.")


def _check_reach(actor: Actor, key: ApiKey) -> None:
    """The actor must hold what the key reaches; a program passes on no more, and for no longer, than it was given."""
    if actor.kind is ActorKind.OAUTH_CLIENT:
        raise Forbidden("An OAuth client cannot make keys; sign in to do so.")
    if actor.kind is ActorKind.API_KEY:
        own: ApiKey | None = ApiKey.objects.filter(pk=str(actor.id)).first()
        if own is None or _outlives(key, own) or not scoping.covers(own.scopes, key.scopes):
            raise Escalation()
    user = User.objects.get(pk=key.user_id)
    if user.pk != actor.user_id and user.is_superuser and not actor.is_superuser:
        raise Escalation()
    reached = scoping.narrowed(policies.grants_of_user(user), key.scopes)
    policies.require_covers(actor, reached, team_id=user.team_id)


def _outlives(key: ApiKey, other: ApiKey) -> bool:
    return other.expires_at is not None and (key.expires_at is None or key.expires_at > other.expires_at)


api_keys = ApiKeys("api_key")
