"""What every request gets, whichever door it takes: an id, in the logs and in the answer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponseBase

from core.ids import new_id

HEADER = "X-Request-ID"
_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")

logger = structlog.get_logger("request")


def request_id() -> str | None:
    """The id of the request that is being answered, if one is."""
    found = structlog.contextvars.get_contextvars().get("request_id")
    return str(found) if found else None


class RequestContext:
    """Binds the request's id (the caller's own, if it sent one) for logs, history and problems; logs one line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
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
