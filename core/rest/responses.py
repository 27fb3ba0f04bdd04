"""Answers on the wire: JSON bytes, problem documents, entity tags."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from core.idempotency import Answer
from core.problems import Problem, problem_of
from core.registry.types import Attachment

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"

logger = structlog.get_logger(__name__)


def reply(content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with this content as JSON; bytes are JSON already."""
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return Answer(status=status, body=body, headers=headers or {})


def empty() -> Answer:
    """Done, and nothing to say."""
    return Answer(status=204, body=b"")


def page(rows: Any, cursor: str | None) -> Answer:
    """A page of a list; `rows` may be JSON already."""
    data = rows if isinstance(rows, bytes) else orjson.dumps(rows)
    return Answer(status=200, body=b'{"data":%b,"next":%b}' % (data, orjson.dumps(cursor)))


def record(row: dict[str, Any], version: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """One record with its entity tag: the version to write against, and a digest of this representation."""
    body = orjson.dumps(row)
    return Answer(status=status, body=body, headers={"ETag": entity_tag(version, body), **(headers or {})})


def entity_tag(version: Any, body: bytes) -> str:
    """A strong validator: the digest differs where computed or related values do though the version is the same."""
    return f'"{version}-{hashlib.blake2b(body, digest_size=6).hexdigest()}"'


def http(answer: Answer) -> HttpResponse:
    """The HTTP response of an answer."""
    response = HttpResponse(answer.body, status=answer.status, content_type=JSON)
    for name, value in answer.headers.items():
        response[name] = value
    if answer.replayed:
        response["Idempotent-Replayed"] = "true"
    if answer.status in (204, 304):
        del response["Content-Type"]
    return response


def attachment(found: Attachment) -> HttpResponseBase:
    """A file as it is sent: never shown in place, never taken for anything but what it is said to be."""
    response = StreamingHttpResponse(iter(found.chunks()), content_type=found.media_type)
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=found.name) or "attachment"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if found.size is not None:
        response["Content-Length"] = str(found.size)
    return response


def without_body(response: HttpResponseBase) -> HttpResponseBase:
    """The answer to HEAD: the same headers, nothing behind them."""
    if isinstance(response, HttpResponse):
        response.headers.setdefault("Content-Length", str(len(response.content)))
        response.content = b""
    elif isinstance(response, StreamingHttpResponse):
        response.close()
        response.streaming_content = ()
    return response


def refusal(exception: BaseException, request_id: str | None) -> HttpResponse:
    """The problem document of an exception; our own faults are logged with their trace, and shown without."""
    problem = problem_of(exception)
    if problem.status >= 500:
        logger.error("request_failed", code=problem.code, exc_info=exception)
    return problem_response(problem, request_id)


def problem_response(problem: Problem, request_id: str | None) -> HttpResponse:
    """A problem document as an HTTP response."""
    content = orjson.dumps(problem.body(request_id), default=str)
    response = HttpResponse(content, status=problem.status, content_type=PROBLEM_JSON)
    for name, value in problem.headers.items():
        response[name] = value
    return response
