"""Somebody who calls both APIs, as an actor that the test makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from django.http import HttpRequest
from django.test import Client

from core import rate_limits
from core.actors import ANONYMOUS, Actor, Door
from core.rest import authentication

_CALLERS: dict[str, Actor] = {}


def authenticate(request: HttpRequest, door: Door) -> Actor:
    """The actor behind a token."""
    return _CALLERS.get(request.META.get("HTTP_AUTHORIZATION", ""), ANONYMOUS).through(door)


class Caller:
    """Somebody with both APIs."""

    def __init__(self, actor: Actor) -> None:
        token = f"Bearer {len(_CALLERS)}"
        _CALLERS[token] = actor
        self.client = Client(raise_request_exception=False, headers={"Authorization": token})

    def get(self, path: str, **query: Any) -> tuple[int, Any]:
        answer = self.client.get(f"/api/v1/{path}", query)
        return answer.status_code, orjson.loads(answer.content)

    def text(self, path: str, **query: Any) -> tuple[int, str]:
        """A file."""
        answer = self.client.get(f"/api/v1/{path}", query)
        return answer.status_code, answer.getvalue().decode()

    def post(self, path: str, content: Any) -> tuple[int, Any]:
        answer = self.client.post(f"/api/v1/{path}", orjson.dumps(content), content_type="application/json")
        return answer.status_code, orjson.loads(answer.content)

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        content = orjson.dumps({"query": query, "variables": variables})
        answer = self.client.post("/graphql", content, content_type="application/json")
        found: dict[str, Any] = orjson.loads(answer.content)
        return found


@contextmanager
def signed_in_over_both(settings: Any) -> Iterator[None]:
    """Tokens of callers count while this lasts."""
    settings.BIFOCAL_AUTHENTICATOR = f"{__name__}.authenticate"
    authentication.authenticator.cache_clear()
    rate_limits.limiter.cache_clear()
    yield
    _CALLERS.clear()
    authentication.authenticator.cache_clear()
