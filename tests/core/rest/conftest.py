"""A client of the REST API whose callers have exactly the grants that a test gives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from pytest_django import Settings

from core import rate_limits
from core.actors import ANONYMOUS, Actor, Door
from core.rest import authentication
from tests.support.actors import clerk

CALLERS: dict[str, Actor] = {}
ENTITIES = ("company", "contact", "deal", "order", "tag", "user", "team", "partner_organisation", "interaction")


def authenticate(request: HttpRequest, door: Door) -> Actor:
    return CALLERS.get(request.META.get("HTTP_AUTHORIZATION", ""), ANONYMOUS).through(door)


class Api:
    """JSON in, JSON out; `path` is relative to /api/v1/."""

    def __init__(self, token: str) -> None:
        self.client = Client(raise_request_exception=False)
        self.token = token

    def send(
        self, method: str, path: str, content: Any = None, *, content_type: str = "application/json", **headers: str
    ) -> HttpResponse:
        body = content if isinstance(content, bytes) else b"" if content is None else orjson.dumps(content)
        given = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        if self.token:
            given.setdefault("HTTP_AUTHORIZATION", self.token)
        address = path if path.startswith("/") else f"/api/v1/{path}"
        return self.client.generic(method, address, body, content_type=content_type if body else "", **given)

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.send("GET", path, **headers)

    def post(self, path: str, content: Any = None, **headers: str) -> HttpResponse:
        return self.send("POST", path, content, **headers)

    def patch(self, path: str, content: Any, **headers: str) -> HttpResponse:
        return self.send("PATCH", path, content, **headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        return self.send("DELETE", path, **headers)

    def made(self, path: str, **values: Any) -> dict[str, Any]:
        """A new record."""
        answer = self.post(path, values)
        assert answer.status_code == 201, answer.content
        return dict(answer.json())


@pytest.fixture
def caller(settings: Settings, clean_cache: None) -> Iterator[Any]:
    """A function that makes a caller of an actor."""
    settings.BIFOCAL_AUTHENTICATOR = f"{__name__}.authenticate"
    authentication.authenticator.cache_clear()
    rate_limits.limiter.cache_clear()

    def make(actor: Actor) -> Api:
        token = f"Bearer {len(CALLERS)}"
        CALLERS[token] = actor
        return Api(token)

    yield make
    CALLERS.clear()
    authentication.authenticator.cache_clear()


@pytest.fixture
def api(db: None, caller: Any) -> Api:
    """A caller who may do everything to the customer record."""
    made: Api = caller(clerk(*ENTITIES, user_id=None))
    return made


@pytest.fixture
def nobody(db: None, caller: Any) -> Api:
    """A caller without credentials."""
    return Api("")


def problem(answer: HttpResponse, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer that must be this refusal."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.content
    document = dict(orjson.loads(answer.content))
    assert (document["code"], document["status"]) == (code, status), document
    assert document["type"] == f"urn:bifocal:problem:{code}"
    assert document["request_id"] == answer.headers["X-Request-ID"]
    return document
