"""People, teams, roles and clients for the tests of accounts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.test import Client

from accounts.models import Role, User, UserRole
from accounts.selectors import actors
from accounts.services.api_keys import api_keys
from core.actors import Actor, Door

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
PASSWORD = "correct horse battery staple"

MakeUser = Callable[..., User]


def make_user(email: str, *roles: str, **values: Any) -> User:
    """A user with these roles, who signs in with PASSWORD."""
    user = User.objects.create_user(email, PASSWORD, name=email.partition("@")[0], **values)
    for role in Role.objects.filter(key__in=roles):
        UserRole.objects.create(user=user, role=role)
    assert user.roles.count() == len(roles)
    return user


def actor_of(user: User, door: Door = Door.REST) -> Actor:
    found = actors.by_user(user_id=user.pk, door=door)
    assert found is not None
    return found.actor


def key_of(user: User, *scopes: str, **values: Any) -> dict[str, Any]:
    return api_keys.issue(actor=actor_of(user), at=AT, name="test", scopes=scopes or ("write",), **values)


def bearer(key: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {key}"}


def signed_in(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user, backend="accounts.backends.AccountBackend")
    return client
