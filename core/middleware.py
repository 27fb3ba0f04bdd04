"""What every request gets, whichever door it takes: an id in the logs and in the answer. A short way for programs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import ClassVar

import structlog
from django.http import HttpRequest, HttpResponseBase

from core.ids import new_id

HEADER = "X-Request-ID"
_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")

_APIS = ("/api/", "/graphql")
Handler = Callable[[HttpRequest], HttpResponseBase]

logger = structlog.get_logger("request")


def request_id() -> str | None:
    """The id of the request that is being answered, if one is."""
    found = structlog.contextvars.get_contextvars().get("request_id")
    return str(found) if found else None


class RequestContext:
    """Binds the request's id (the caller's own, if it sent one) for logs, history and problems; logs one line."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        name = given if _GIVEN.fullmatch(given) else new_id().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=name)
        response = self.get_response(request)
        response.headers[HEADER] = name
        took = round((time.perf_counter() - began) * 1000, 1)
        log = logger.info if response.status_code < 500 else logger.error
        log("answered", method=request.method, path=request.path, status=response.status_code, ms=took)
        return response


class Shortcut:
    """Programs (a call of an API with an Authorization header) go past what only browsers need.

    What stands between this and `ShortcutEnd` in the settings is for browsers: sessions, CSRF, messages, static files.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        # Django builds the chain from its inner end: the other one is there already.
        self.view = ShortcutEnd.latest or get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "HTTP_AUTHORIZATION" not in request.META or not request.path_info.startswith(_APIS):
            return self.get_response(request)
        # Raises where the host is not one of ours, as the middleware that is passed by would.
        request.get_host()
        response = self.view(request)
        if not response.streaming and "Content-Length" not in response.headers:
            response.headers["Content-Length"] = str(len(response.content))  # type: ignore[attr-defined]
        return response


class ShortcutEnd:
    """Last in the settings: the view itself is behind it."""

    latest: ClassVar[Handler | None] = None

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        ShortcutEnd.latest = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)
