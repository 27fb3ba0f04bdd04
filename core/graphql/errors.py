"""Errors as GraphQL shows them: the same code, status and faults as REST's problem documents, in `extensions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from graphql import GraphQLError

from core.errors import BadRequest, DomainError
from core.problems import Problem, problem_of

logger = structlog.get_logger(__name__)

_MAX_MESSAGE = 500


class InvalidQuery(BadRequest):
    """The text of the query is not GraphQL, or does not fit the schema."""

    code = "invalid_query"
    title = "The query is not valid."

    def __init__(self, faults: Sequence[GraphQLError], code: str = "invalid_query") -> None:
        super().__init__()
        self.faults = tuple(faults)
        self.fault_code = code


class NoSuchOperation(BadRequest):
    """There is none of this name, or none was named where there are several."""

    code = "no_such_operation"
    title = "Name one operation of the document."


class IntrospectionDisabled(DomainError):
    """By setting."""

    code = "introspection_disabled"
    status = 403
    title = "The schema is not shown here; see the published schema.graphql."


def of_refusal(refusal: BaseException) -> tuple[list[dict[str, Any]], Problem]:
    """The errors of a request that was refused as a whole."""
    problem = problem_of(refusal)
    if isinstance(refusal, InvalidQuery):
        extensions = {"code": refusal.fault_code, "status": problem.status, "title": problem.title, "errors": []}
        return [_shown(fault.message, fault, extensions) for fault in refusal.faults], problem
    if problem.status >= 500:
        logger.error("graphql_request_failed", code=problem.code, exc_info=refusal)
    return [{"message": problem.detail, "extensions": extensions_of(problem)}], problem


def of_field(error: GraphQLError) -> dict[str, Any]:
    """An error of one field of the answer."""
    cause = error.original_error
    if cause is None:
        extensions = {"code": "invalid_query", "status": 400, "title": InvalidQuery.title, "errors": []}
        return _shown(error.message, error, extensions)
    problem = problem_of(cause)
    if problem.status >= 500:
        path = [str(part) for part in error.path or ()]
        logger.error("graphql_field_failed", code=problem.code, path=path, exc_info=cause)
    return _shown(problem.detail, error, extensions_of(problem))


def extensions_of(problem: Problem) -> dict[str, Any]:
    """What programs read of an error."""
    body: Mapping[str, Any] = problem.body()
    return {key: body[key] for key in ("code", "status", "title", "errors", "data") if key in body}


def _shown(message: str, error: GraphQLError, extensions: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"message": message[:_MAX_MESSAGE]}
    if error.locations:
        shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        shown["path"] = list(error.path)
    return shown | {"extensions": extensions}
