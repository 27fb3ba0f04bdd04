"""The description of the API, and the page that shows it; nothing is loaded from elsewhere."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from rest_framework.request import Request

from core.errors import NotAcceptable
from core.idempotency import Answer
from core.rest import responses
from core.rest.base import ApiView
from core.rest.negotiation import accepts
from core.rest.openapi import custom
from core.rest.parameters import InvalidParameter

_YAML_RANGES = frozenset({"application/yaml", "application/vnd.oai.openapi", "text/yaml", "*/*", "application/*"})
_JSON_RANGES = frozenset({"application/json", "application/vnd.oai.openapi+json"})
_ONLY_OURS = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
_FORMATS = {"json": "application/json", "yaml": "application/yaml"}


class PublicView(ApiView):
    """Open to anybody, or to whoever has signed in, by setting."""

    # No part of what it describes.
    schema = None

    @property
    def is_public(self) -> bool:  # type: ignore[override]
        """By setting."""
        return bool(settings.BIFOCAL_PUBLIC_DOCS)


class SchemaView(PublicView):
    """The OpenAPI description, as YAML or JSON, with the custom fields that are defined now."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Left to `get`: there are two representations here."""
        return self.get_renderers()[0], "application/json"

    def get(self, request: Request) -> HttpResponse:
        """YAML, or JSON by `?format=json` or Accept."""
        wanted = self._format(request)
        content = custom.served(wanted)
        tag = f'"{hashlib.blake2b(content, digest_size=8).hexdigest()}"'
        if request.META.get("HTTP_IF_NONE_MATCH") == tag:
            return responses.http(Answer(status=304, body=b"", headers={"ETag": tag}))
        return HttpResponse(content, content_type=_FORMATS[wanted], headers={"ETag": tag})

    def _format(self, request: Request) -> str:
        asked = self.parameters({"format"}).get("format")
        if asked is not None:
            if asked not in _FORMATS:
                raise InvalidParameter.named("format", "invalid_choice", "Must be json or yaml.")
            return asked
        header = request.META.get("HTTP_ACCEPT", "")
        if header and any(kind in header for kind in _JSON_RANGES):
            return "json"
        if not accepts(header, _YAML_RANGES):
            raise NotAcceptable("The description is application/yaml or application/json.")
        return "yaml"


class DocsView(PublicView):
    """Swagger UI on our own files."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """A page for people."""
        return self.get_renderers()[0], "text/html"

    def get(self, request: Request) -> HttpResponse:
        """The page."""
        self.parameters()
        plain: HttpRequest = request._request
        page = render(plain, "core/rest/docs.html", {"schema_url": reverse("rest:SchemaView") + "?format=json"})
        page.headers["Content-Security-Policy"] = _ONLY_OURS
        return page
