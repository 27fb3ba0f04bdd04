"""A client of /graphql whose callers have exactly the grants that a test gives them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from pytest_django import Settings

from core import rate_limits
from core.actors import ANONYMOUS, SYSTEM, Actor, Door
from core.rest import authentication

CALLERS: dict[str, Actor] = {}


def authenticate(request: HttpRequest, door: Door) -> Actor:
    return CALLERS.get(request.META.get("HTTP_AUTHORIZATION", ""), ANONYMOUS).through(door)


@dataclass
class Answer:
    """What came back."""

    status: int
    body: dict[str, Any]
    headers: Any

    @property
    def data(self) -> Any:
        assert "errors" not in self.body, self.body["errors"]
        assert self.status == 200
        return self.body["data"]

    @property
    def errors(self) -> list[dict[str, Any]]:
        return list(self.body.get("errors", []))

    @property
    def code(self) -> str:
        """The code of the only error."""
        (error,) = self.errors
        return str(error["extensions"]["code"])


class GraphQL:
    """Sends operations as one caller."""

    def __init__(self, token: str) -> None:
        self.client = Client(raise_request_exception=False)
        self.token = token

    def send(self, content: Any, **headers: str) -> Answer:
        body = content if isinstance(content, bytes) else orjson.dumps(content)
        answer = self.raw(body, **headers)
        return Answer(answer.status_code, orjson.loads(answer.content), answer.headers)

    def raw(self, body: bytes, *, content_type: str = "application/json", **headers: str) -> HttpResponse:
        given = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        if self.token:
            given.setdefault("HTTP_AUTHORIZATION", self.token)
        return self.client.generic("POST", "/graphql", body, content_type=content_type, **given)

    def __call__(self, query: str, variables: dict[str, Any] | None = None, **headers: str) -> Answer:
        return self.send({"query": query, "variables": variables or {}}, **headers)


@pytest.fixture
def caller(settings: Settings, clean_cache: None) -> Iterator[Any]:
    """A function that makes a caller of an actor."""
    settings.BIFOCAL_AUTHENTICATOR = f"{__name__}.authenticate"
    authentication.authenticator.cache_clear()
    rate_limits.limiter.cache_clear()

    def make(actor: Actor) -> GraphQL:
        token = f"Bearer {len(CALLERS)}"
        CALLERS[token] = actor
        return GraphQL(token)

    yield make
    CALLERS.clear()
    authentication.authenticator.cache_clear()


@pytest.fixture
def system(caller: Any) -> GraphQL:
    """A caller who may do everything."""
    made: GraphQL = caller(SYSTEM)
    return made


@pytest.fixture
def nobody(caller: Any) -> GraphQL:
    """Somebody without credentials."""
    return GraphQL("")
