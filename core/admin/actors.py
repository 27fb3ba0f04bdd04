"""Who works in the admin."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from core.actors import Actor, Door


@cache
def _finder() -> Callable[[HttpRequest, Door], Actor]:
    found: Callable[[HttpRequest, Door], Actor] = import_string(settings.BIFOCAL_PAGE_AUTHENTICATOR)
    return found


def actor_of(request: HttpRequest) -> Actor:
    """The actor behind the session; resolved once a request."""
    return _finder()(request, Door.ADMIN)
