"""The base of every REST view: authentication, limits, grants, idempotency and problems, around one domain call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, ClassVar

import structlog
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from core import body, clock, idempotency, rate_limits
from core.actors import ANONYMOUS, Actor
from core.errors import MethodNotAllowed, NotAuthenticated, NotFound
from core.idempotency import Answer
from core.middleware import request_id
from core.rate_limits import Usage
from core.rest import parameters, responses
from core.rest.authentication import ActorAuthentication, actor_of
from core.rest.negotiation import JsonOnly, JsonRenderer

_AUTHENTICATORS = (ActorAuthentication(),)
_NEGOTIATOR = JsonOnly()
_RENDERERS = [JsonRenderer()]


class ApiView(APIView):
    """One address. The handlers (`get`, `post`, ...) return an `Answer`.

    `grants` says by method which action on which entity the caller must hold before anything is looked at.
    `is_public` addresses are open to anybody, by intention.
    """

    authentication_classes = [ActorAuthentication]
    renderer_classes = [JsonRenderer]
    parser_classes = []
    permission_classes = []
    throttle_classes = []

    is_public: ClassVar[bool] = False
    grants: ClassVar[Mapping[str, tuple[str, str]]] = {}

    format_kwarg: str | None = None
    actor: Actor = ANONYMOUS
    usage: Usage | None = None
    at: datetime

    # What DRF asks of a view, without building the same objects for each request.

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """DRF's request; bodies are read by core.body, not by its parsers."""
        return Request(request, parsers=(), authenticators=_AUTHENTICATORS, negotiator=_NEGOTIATOR)

    def get_renderers(self) -> list[Any]:
        """JSON."""
        return _RENDERERS

    def get_content_negotiator(self) -> JsonOnly:
        """JSON or nothing."""
        return _NEGOTIATOR

    @property
    def default_response_headers(self) -> dict[str, str]:
        """Everything here depends on who asks, and is worth asking again with its entity tag."""
        return {"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization, Cookie"}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Everything that may refuse a request before its handler runs."""
        self.at = clock.now()
        self.perform_content_negotiation(request)
        body.require_bounded_form(request._request)
        if not self.is_public:
            self.perform_authentication(request)
            self.actor = actor_of(request)
            structlog.contextvars.bind_contextvars(actor=f"{self.actor.kind}:{self.actor.id}")
        self.usage = rate_limits.take(self._caller(request))
        self.check_permissions(request)

    def perform_authentication(self, request: Request) -> None:
        """Resolve the actor. Failed attempts count against the address they come from."""
        try:
            request._authenticate()  # type: ignore[attr-defined]
        except NotAuthenticated:
            rate_limits.take(self._caller(request))
            raise

    def check_permissions(self, request: Request) -> None:
        """The caller must be known, and hold the grant that the address declares for this method."""
        if self.is_public:
            return
        if not self.actor.is_authenticated:
            raise NotAuthenticated
        needed = self.grants.get("GET" if request.method == "HEAD" else str(request.method))
        if needed is not None:
            self.actor.require(*needed)

    def _caller(self, request: Request) -> str:
        if self.actor.is_authenticated:
            return f"{self.actor.kind}:{self.actor.id}"
        return f"address:{request.META.get('REMOTE_ADDR', '')}"

    # Handlers

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Refuse, naming what is allowed."""
        raise MethodRefused(self.allowed_methods)

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Answer:  # type: ignore[override]
        """What is allowed here."""
        return Answer(status=204, body=b"", headers={"Allow": ", ".join(self.allowed_methods)})

    def parameters(self, known: Collection[str] = ()) -> dict[str, str]:
        """The query parameters, of which there may be no others than these."""
        return parameters.read(self.request._request, known)

    def body(self, kind: str = "default") -> Any:
        """The JSON value in the body."""
        return body.read_json(self.request._request, limit=body.limit_of(kind))

    def optional_body(self) -> Any:
        """The JSON value in the body, or an empty object where there is none."""
        plain = self.request._request
        if not body.read(plain, limit=body.limit_of()):
            return {}
        return self.body()

    # Answers

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """The answer as HTTP, with the caller's limits on it."""
        if isinstance(response, Answer):
            response = responses.http(response)
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        if self.usage is not None:
            for name, value in self.usage.headers.items():
                response.headers[name] = value
        if request.method == "HEAD":
            response = responses.without_body(response)
        return response

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """Every refusal is a problem document."""
        return responses.refusal(exc, request_id())

    def once(self, work: Callable[[], Answer]) -> Answer:
        """Carry out a write, once if the request carries an idempotency key."""
        plain = self.request._request
        key = plain.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            return work()
        printed = idempotency.fingerprint(
            str(plain.method), plain.path, plain.META.get("QUERY_STRING", ""), plain.META.get("HTTP_IF_MATCH", ""),
            body.digest_of_form(plain) if body.is_form(plain) else plain.body,
        )  # fmt: skip
        return idempotency.once(actor=self.actor, key=key, fingerprint=printed, at=self.at, work=work)


class MethodRefused(MethodNotAllowed):
    """405 names what is allowed (RFC 9110, section 15.5.6)."""

    def __init__(self, allowed: Collection[str]) -> None:
        super().__init__()
        self.allowed = ", ".join(allowed)

    @property
    def headers(self) -> Mapping[str, str]:
        """The allowed methods."""
        return {"Allow": self.allowed}


class NothingHere(ApiView):
    """Every address under the API's that does not exist."""

    is_public = True
    schema = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Not found, whatever the method."""
        return responses.refusal(NotFound("There is no such address."), request_id())
