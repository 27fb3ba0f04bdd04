"""`/graphql`: POST runs an operation, GET shows GraphiQL to a browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from core import body, clock, idempotency, rate_limits
from core.actors import Actor, Door
from core.errors import BadRequest, Invalid, MethodNotAllowed, NotAcceptable, NotAuthenticated, UnknownParameter
from core.graphql import forms, graphiql
from core.graphql.engine import Engine, Prepared, Result
from core.graphql.engines import Engines
from core.graphql.errors import of_refusal
from core.graphql.reading import Environment
from core.idempotency import Answer
from core.rate_limits import Usage
from core.rest.authentication import authenticator

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
_MEMBERS = frozenset({"query", "variables", "operationName", "extensions"})
_MAX_QUERY = 100_000


class Introspection(StrEnum):
    """Who may ask for the schema."""

    EVERYONE = "everyone"
    SIGNED_IN = "signed_in"
    NOBODY = "nobody"


class BatchingRefused(BadRequest):
    """An array of requests."""

    code = "batching_not_supported"
    title = "Send one operation per request; several fields may stand in one operation."


class InvalidRequest(BadRequest):
    """The body is JSON but no GraphQL request."""

    code = "invalid_request"
    title = "The body must be an object with `query`, and perhaps `variables`, `operationName` and `extensions`."


class MethodRefused(MethodNotAllowed):
    """405 names what is allowed (RFC 9110, section 15.5.6)."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The allowed methods."""
        return {"Allow": "POST"}


class NothingAchieved(Exception):
    """Leaves the transaction of an idempotency key: every field was refused, so there is nothing to remember."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True)
class Incoming:
    """The members of a GraphQL request."""

    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    wants_cost: bool = False

    @classmethod
    def of(cls, content: Any) -> Incoming:
        """From the JSON body. Raises a BadRequest."""
        if isinstance(content, list):
            raise BatchingRefused
        if not isinstance(content, dict) or not isinstance(content.get("query"), str):
            raise InvalidRequest
        unknown = sorted(set(content) - _MEMBERS)
        if unknown:
            raise UnknownParameter(f"Unknown: {', '.join(unknown)[:200]}.")
        variables, name = content.get("variables"), content.get("operationName")
        extensions = content.get("extensions")
        if not isinstance(variables, dict | None) or not isinstance(extensions, dict | None):
            raise InvalidRequest("`variables` and `extensions` must be objects.")
        if not isinstance(name, str | None):
            raise InvalidRequest("`operationName` must be a string.")
        if len(content["query"]) > _MAX_QUERY:
            raise InvalidRequest(f"`query` may have at most {_MAX_QUERY} characters.")
        return cls(content["query"], variables or {}, name or None, bool((extensions or {}).get("cost")))


@method_decorator(csrf_exempt, name="dispatch")  # the authenticator checks the token of every request by session
class GraphQLView(View):
    """The one address of GraphQL.

    A request that is refused as a whole answers 4xx, whatever the media type; once an operation runs, the answer is 200
    and each failed field has its error, with the status that REST would have given.
    """

    engines: Engines = None  # type: ignore[assignment]
    engine: Engine
    usage: Usage | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer; whatever goes wrong is said as GraphQL says it."""
        if request.method == "GET" and graphiql.is_browser(request):
            return graphiql.page(request)
        media_type = JSON
        try:
            media_type = _media_type(request)
            if request.method != "POST":
                raise MethodRefused
            answer = self._answer(request)
        except Exception as refusal:
            answer = _refused(refusal)
        response = HttpResponse(answer.body, status=answer.status, content_type=f"{media_type}; charset=utf-8")
        response["Cache-Control"] = "private, no-store"
        response["Vary"] = "Accept, Authorization, Cookie"
        for name, value in (*(self.usage.headers.items() if self.usage else ()), *answer.headers.items()):
            response[name] = value
        if answer.replayed:
            response["Idempotent-Replayed"] = "true"
        return response

    def _answer(self, request: HttpRequest) -> Answer:
        actor = self._actor(request)
        introspection = _may_introspect(actor)
        if not actor.is_authenticated and not introspection:
            raise NotAuthenticated
        incoming = Incoming.of(_content(request))
        # A form's body is read by now, and holds the query as one of its parts.
        self.engine = self.engines.engine_for(incoming.query.encode() if body.is_form(request) else request.body)
        prepared = self._prepared(incoming, actor, introspection=introspection)
        env = Environment(actor, clock.now())

        def work() -> Answer:
            return _encoded(self.engine.run(prepared, env), prepared, incoming)

        key = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None or not prepared.is_mutation:
            return work()
        return self._once(request, prepared, env, incoming, key)

    def _prepared(self, incoming: Incoming, actor: Actor, *, introspection: bool) -> Prepared:
        """The operation, ready to be run. Strangers are asked to sign in before anything is said of their input."""
        try:
            prepared = self.engine.prepare(
                incoming.query,
                variables=incoming.variables,
                operation_name=incoming.operation_name,
                introspection=introspection,
            )
        except Invalid:
            if not actor.is_authenticated:
                raise NotAuthenticated from None
            raise
        if prepared.calls and not actor.is_authenticated:
            raise NotAuthenticated
        return prepared

    def _once(self, request: HttpRequest, prepared: Prepared, env: Environment, incoming: Incoming, key: str) -> Answer:
        def work() -> Answer:
            result = self.engine.run(prepared, env)
            answer = _encoded(result, prepared, incoming)
            if not result.achieved:
                raise NothingAchieved(answer)
            return answer

        sent = body.digest_of_form(request) if body.is_form(request) else request.body
        printed = idempotency.fingerprint(str(request.method), request.path, sent)
        try:
            return idempotency.once(actor=env.actor, key=key, fingerprint=printed, at=env.at, work=work)
        except NothingAchieved as refused:
            return refused.answer

    def _actor(self, request: HttpRequest) -> Actor:
        """Who calls, counted. Failed attempts count against the address they come from."""
        body.require_bounded_form(request)
        address = f"address:{request.META.get('REMOTE_ADDR', '')}"
        try:
            actor = authenticator()(request, Door.GRAPHQL)
        except NotAuthenticated:
            self.usage = rate_limits.take(address)
            raise
        structlog.contextvars.bind_contextvars(actor=f"{actor.kind}:{actor.id}")
        self.usage = rate_limits.take(f"{actor.kind}:{actor.id}" if actor.is_authenticated else address)
        return actor


def _content(request: HttpRequest) -> Any:
    """The request's JSON; files come by a form."""
    return forms.content_of(request) if body.is_form(request) else body.read_json(request, limit=body.limit_of("batch"))


def _may_introspect(actor: Actor) -> bool:
    policy = Introspection(settings.BIFOCAL_GRAPHQL_INTROSPECTION)
    return policy is Introspection.EVERYONE or (policy is Introspection.SIGNED_IN and actor.is_authenticated)


def _media_type(request: HttpRequest) -> str:
    """The media type of the answer that the caller likes best. Raises NotAcceptable."""
    if not request.META.get("HTTP_ACCEPT"):
        return JSON
    preferred = request.get_preferred_type([JSON, GRAPHQL_JSON])
    if preferred is None:
        raise NotAcceptable
    return preferred


def _refused(refusal: Exception) -> Answer:
    errors, problem = of_refusal(refusal)
    # GraphQL over HTTP: a request whose variables do not fit is a bad request; the code tells the rest.
    status = HTTPStatus.BAD_REQUEST if isinstance(refusal, Invalid) else problem.status
    return Answer(status=status, body=orjson.dumps({"errors": errors}, default=str), headers=problem.headers)


def _encoded(result: Result, prepared: Prepared, incoming: Incoming) -> Answer:
    content: dict[str, Any] = {"data": result.data}
    if result.errors:
        content["errors"] = result.errors
    if incoming.wants_cost:
        content["extensions"] = {"cost": prepared.cost}
    return Answer(status=HTTPStatus.OK, body=orjson.dumps(content, default=str))
