"""Who calls. Which credentials there are is decided above this layer, by the authenticator named in the settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from core.actors import ANONYMOUS, Actor, Door

Authenticator = Callable[[HttpRequest, Door], Actor]


@cache
def authenticator() -> Authenticator:
    """The function of the settings, imported once. It raises a domain error for credentials that do not hold."""
    found: Authenticator = import_string(settings.BIFOCAL_AUTHENTICATOR)
    return found


class ActorAuthentication(BaseAuthentication):
    """DRF's view of it: `request.user` is the user behind the actor, the actor itself is on the Django request."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """The user and the credentials, or None for an anonymous request."""
        plain = request._request
        actor = authenticator()(plain, Door.REST)
        plain.actor = actor  # type: ignore[attr-defined]
        if not actor.is_authenticated:
            return None
        return getattr(plain, "user", None), getattr(plain, "auth", None)

    def authenticate_header(self, request: Request) -> str:
        """How to sign in."""
        return 'Bearer realm="bifocal"'


def actor_of(request: Request) -> Actor:
    """The actor of a request that has been authenticated."""
    actor: Actor = getattr(request._request, "actor", ANONYMOUS)
    return actor
