"""Django's idea of a user's permissions and session, answered by roles."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser

from accounts.models import User
from accounts.selectors import actors
from core import registry
from core.actors import Actor, ActorKind, Door

# Django's words for what the admin does.
_VERBS = {"view": "view", "add": "create", "change": "update", "delete": "delete"}


class AccountBackend(AuthenticationBackend):  # type: ignore[misc] # allauth is untyped
    """Signs in by e-mail and password, and keeps in only who still may."""

    def user_can_authenticate(self, user: AbstractBaseUser | None) -> bool:
        """Whether the account is in use."""
        return isinstance(user, User) and user.is_active and user.deleted_at is None

    def get_user(self, user_id: UUID) -> User | None:
        """The user of a session; None ends it."""
        return cast("User | None", User.objects.alive().filter(pk=user_id, is_active=True).first())

    def has_perm(self, user_obj: User, perm: str, obj: Any = None) -> bool:
        """The same as `has_grant`; Django asks backends this way too."""
        return self.has_grant(user_obj, perm)

    def has_grant(self, user: User, perm: str) -> bool:
        """Whether the user's roles grant "<app>.<add|change|delete|view>_<model>"."""
        app, _, codename = perm.partition(".")
        verb, _, model = codename.partition("_")
        action = _VERBS.get(verb)
        entity = _entity_of(app, model)
        return action is not None and entity is not None and self._actor(user).may(entity, action)

    @staticmethod
    def _actor(user: User) -> Actor:
        # Admin asks for dozens of permissions on one page: resolved once for each loaded user.
        memo: Actor | None = getattr(user, "_bifocal_actor", None)
        if memo is None:
            found = actors.by_user(user_id=user.pk, door=Door.ADMIN)
            memo = found.actor if found else Actor(kind=ActorKind.USER)
            user._bifocal_actor = memo  # type: ignore[attr-defined]
        return memo


def _entity_of(app: str, model: str) -> str | None:
    for item in registry.entities():
        meta = item.model._meta
        if (meta.app_label, meta.model_name) == (app, model):
            return item.name
    return None
