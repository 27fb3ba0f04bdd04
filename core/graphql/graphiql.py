"""GraphiQL, the page to try queries on: our own files only, under a policy that lets nothing else in."""

from __future__ import annotations

import secrets

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.views.decorators.cache import never_cache

_HTML = "text/html"
# Code and styles from this host alone, and the style element that GraphiQL writes for its dialogs.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'nonce-{nonce}'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


def is_browser(request: HttpRequest) -> bool:
    """Whether a person is looking: HTML is asked for by name, not by a wildcard."""
    return _HTML in request.META.get("HTTP_ACCEPT", "").lower()


@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """The page, with the token that its requests by session must carry."""
    nonce = secrets.token_urlsafe(16)
    values = {"endpoint": request.path, "csrf_token_value": get_token(request), "nonce": nonce}
    response = render(request, "core/graphiql.html", values)
    response["Content-Security-Policy"] = POLICY.format(nonce=nonce)
    return response
