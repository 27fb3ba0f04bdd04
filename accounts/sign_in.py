"""What surrounds signing in: who calls from where, what somebody who is locked out sees, and the audit of it all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed
from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import SignInEvent, User
from accounts.services import sign_ins
from core import clock

Kind = SignInEvent.Kind


def client_ip(request: HttpRequest) -> str | None:
    """The caller's address, past the proxies that we trust."""
    address = get_client_ip(request)
    return str(address) if address else None


def typed_email(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str | None:
    """The address that somebody tried to sign in with, in lower case."""
    given = credentials or {}
    value = given.get("email") or given.get("username") or request.POST.get("login") or request.POST.get("username")
    return str(value).strip().lower().replace("\x00", "")[:254] if value else None


def locked_out(request: HttpRequest, _response: HttpResponse | None, _credentials: Any = None) -> HttpResponse:
    """The page of somebody who tried too often."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    response = render(request, "account/locked_out.html", {"minutes": minutes}, status=settings.AXES_HTTP_RESPONSE_CODE)
    response["Retry-After"] = str(minutes * 60)
    return response


def connect() -> None:
    """Write every attempt into the audit."""
    user_logged_in.connect(_signed_in, dispatch_uid="accounts.signed_in")
    user_logged_out.connect(_signed_out, dispatch_uid="accounts.signed_out")
    user_login_failed.connect(_failed, dispatch_uid="accounts.sign_in_failed")
    authentication_failed.connect(_failed_second, dispatch_uid="accounts.second_factor_failed")
    user_locked_out.connect(_locked, dispatch_uid="accounts.locked_out")


def _note(kind: Kind, request: HttpRequest | None, *, user: User | None, email: str | None, method: str) -> None:
    sign_ins.note(
        kind=kind,
        user=user,
        email=email,
        method=method,
        ip=client_ip(request) if request else None,
        user_agent=request.META.get("HTTP_USER_AGENT") if request else None,
        at=clock.now(),
    )


def _signed_in(sender: Any, request: HttpRequest | None, user: User, **_: Any) -> None:
    _note(Kind.SUCCESS, request, user=user, email=user.email, method=_methods(request))


def _signed_out(sender: Any, request: HttpRequest | None, user: User | None, **_: Any) -> None:
    if user is not None:
        _note(Kind.LOGOUT, request, user=user, email=user.email, method="session")


def _failed(sender: Any, credentials: Mapping[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    # What axes refused unseen is noted as a lockout, once.
    if request is None or not getattr(request, "axes_locked_out", False):
        email = typed_email(request, credentials) if request else credentials.get("email")
        _note(Kind.FAILURE, request, user=None, email=email, method="password")


def _failed_second(sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _note(Kind.FAILURE, request, user=user, email=user.email, method=str(authenticator.type))


def _locked(sender: Any, request: HttpRequest, username: str | None = None, **_: Any) -> None:
    _note(Kind.LOCKOUT, request, user=None, email=username, method="password")


def _methods(request: HttpRequest | None) -> str:
    """How they proved who they are: "password", "password+totp", "webauthn"."""
    session = getattr(request, "session", None)
    records = session.get("account_authentication_methods", []) if session is not None else []
    names = [str(item.get("type") or item.get("method")) for item in records if isinstance(item, dict)]
    return "+".join(names)[:40] or "session"
