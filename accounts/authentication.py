"""From a request to its actor: API key, OAuth access token or session. The one place where any door asks who calls."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from allauth.idp.oidc.internal.resources import is_resources_subset
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.functional import SimpleLazyObject

from accounts.errors import CsrfFailed, InvalidCredentials
from accounts.models import ApiKey, User
from accounts.selectors import actors
from accounts.services import secrets
from core import clock
from core.actors import ANONYMOUS, Actor, Door

_MEMO = "_bifocal_actor"
_PAGE_MEMO = "_bifocal_page_actor"
_MARK_USED_EVERY = timedelta(minutes=1)
_MAX_TOKEN = 512


def authenticate(request: HttpRequest, door: Door) -> Actor:
    """Who calls: by the Authorization header, else by the session, else ANONYMOUS. Sets `request.user` and `.auth`.

    Raises InvalidCredentials for credentials that do not hold, CsrfFailed for a session's write without its token.
    """
    memo = cast("Actor | None", getattr(request, _MEMO, None))
    if memo is None:
        memo = _by_header(request, door) or _by_session(request, door) or ANONYMOUS
        setattr(request, _MEMO, memo)
    return memo.through(door) if memo.door is not door else memo


def actor_of(request: HttpRequest, door: Door) -> Actor:
    """The actor of a session that Django has let in (admin, pages): its middleware has checked the CSRF token."""
    memo = cast("Actor | None", getattr(request, _PAGE_MEMO, None))
    if memo is None:
        memo = _by_session(request, door, csrf=False) or ANONYMOUS
        setattr(request, _PAGE_MEMO, memo)
    return memo.through(door)


def _by_header(request: HttpRequest, door: Door) -> Actor | None:
    header = request.META.get("HTTP_AUTHORIZATION")
    if header is None:
        return None
    kind, _, token = header.partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token or len(token) > _MAX_TOKEN:
        raise InvalidCredentials()
    at = clock.now()
    digest = secrets.digest(token)
    if token.startswith(secrets.MARK):
        found = actors.by_key(digest=digest, at=at, door=door) if secrets.is_well_formed(token) else None
    else:
        found = actors.by_token(digest=digest, at=at, door=door)
    if found is None or not _is_meant_for_us(found, request):
        raise InvalidCredentials()
    if token.startswith(secrets.MARK):
        _mark_used(found, at)
    request.user = cast("User", SimpleLazyObject(lambda: User.objects.get(pk=found.user_id)))
    request.auth = found  # type: ignore[attr-defined]
    return found.actor


def _is_meant_for_us(found: actors.Found, request: HttpRequest) -> bool:
    """A token may be restricted to resources (RFC 8707), which are then addresses that contain this one."""
    address = [request.build_absolute_uri(request.path)] if found.resources else []
    return bool(is_resources_subset(address, list(found.resources)))


def _mark_used(found: actors.Found, at: datetime) -> None:
    if found.last_used_at is None or at - found.last_used_at >= _MARK_USED_EVERY:
        ApiKey.objects.filter(pk=str(found.actor.id)).update(last_used_at=at)


def _by_session(request: HttpRequest, door: Door, *, csrf: bool = True) -> Actor | None:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    if csrf:
        check_csrf(request)
    found = actors.by_user(user_id=user.pk, door=door)
    return found.actor if found else None


class _Check(CsrfViewMiddleware):
    """Django's check, answering with the reason instead of a page."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponseBase:
        return cast("HttpResponseBase", reason)


def _unused(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def check_csrf(request: HttpRequest) -> None:
    """Refuse an unsafe request without the CSRF token, also where the view is exempt from the middleware."""
    check = _Check(_unused)
    check.process_request(request)
    if check.process_view(request, _unused, (), {}) is not None:
        raise CsrfFailed()
