"""Content negotiation where there is one representation: JSON, unless the caller rules it out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer

from core.errors import NotAcceptable

_USUAL = frozenset({"", "*/*", "application/json"})
_COVERING = frozenset({"*/*", "application/*", "application/json", "application/problem+json"})


class JsonRenderer(BaseRenderer):
    """For DRF's own machinery; our views answer with bytes."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """The data as JSON."""
        return b"" if data is None else orjson.dumps(data, default=str)


class JsonOnly(BaseContentNegotiation):
    """JSON or nothing."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        """Bodies are read by core.body."""
        return None

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> tuple[BaseRenderer, str]:
        """The JSON renderer. Raises NotAcceptable where `Accept` leaves JSON out."""
        if not accepts(request.META.get("HTTP_ACCEPT", ""), _COVERING):
            raise NotAcceptable("Answers are application/json.")
        return renderers[0], "application/json"


def accepts(header: str, covering: frozenset[str]) -> bool:
    """Whether an Accept header allows one of these media ranges, with a quality above zero."""
    if header in _USUAL:
        return True
    for part in header.split(","):
        media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if media_range in covering and not any(_is_zero(parameter) for parameter in parameters):
            return True
    return False


def _is_zero(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name == "q" and value.strip("0.") == ""
