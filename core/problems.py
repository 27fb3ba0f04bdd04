"""The one table from exceptions to what a caller is told: REST, GraphQL and batch items give the same problem."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core import exceptions as django_errors
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions as drf_errors

from core import errors
from core.constraints import refusal_of
from core.registry.types import TypeFault

# What is tried again a moment later may well succeed: serialization, deadlock, lock timeout, too many connections.
_CANCELLED = "57014"
_PASSING = ("40", "53", "55P03", "57", "08")


class Internal(errors.DomainError):
    """Our own fault; nothing of what went wrong is shown."""

    code = "internal_error"
    status = 500
    title = "Something went wrong on our side."


class Busy(errors.Unavailable):
    """The database could not do it now; the same request may succeed in a second."""

    @property
    def headers(self) -> Mapping[str, str]:
        """A second is enough for locks to be gone."""
        return {"Retry-After": "1"}


class TimedOut(errors.Unavailable):
    """The database worked on it for as long as a request may."""

    code = "timed_out"
    title = "This takes too long to answer: ask for less, or by indexed fields."


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal ready for the wire (RFC 9457), whatever the transport."""

    code: str
    status: int
    title: str
    detail: str
    errors: tuple[errors.FieldError, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """The URI that names this kind of problem."""
        return f"urn:bifocal:problem:{self.code}"

    def body(self, request_id: str | None = None) -> dict[str, Any]:
        """The problem document."""
        document: dict[str, Any] = {
            "type": self.type,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "errors": [fault.as_dict() for fault in self.errors],
        }
        if self.data:
            document["data"] = dict(self.data)
        if request_id:
            document["request_id"] = request_id
        return document


def problem_of(exception: BaseException) -> Problem:
    """What the caller is told of this exception; anything unknown is an internal error without details."""
    error = domain_error_of(exception)
    return Problem(error.code, error.status, error.title, error.detail, error.errors, error.data, error.headers)


def domain_error_of(exception: BaseException) -> errors.DomainError:
    """The domain error that stands for this exception."""
    if isinstance(exception, errors.DomainError):
        return exception
    for kind, translate in _TABLE:
        if isinstance(exception, kind):
            return translate(exception)
    return Internal()


def _type_fault(fault: Any) -> errors.DomainError:
    return errors.Invalid.one("", fault.code, str(fault))


def _throttled(exception: Any) -> errors.DomainError:
    return errors.TooManyRequests(retry_after=math.ceil(exception.wait or 1))


def _drf_other(exception: Any) -> errors.DomainError:
    if isinstance(exception, drf_errors.ValidationError):
        return errors.Invalid([errors.FieldError("", "invalid", str(text)) for text in _texts(exception.detail)])
    return errors.BadRequest() if exception.status_code < 500 else Internal()


def _texts(detail: Any) -> list[str]:
    if isinstance(detail, dict):
        return [text for value in detail.values() for text in _texts(value)]
    if isinstance(detail, list):
        return [text for value in detail for text in _texts(value)]
    return [str(detail)]


def _operational(exception: Any) -> errors.DomainError:
    state = getattr(exception.__cause__, "sqlstate", None)
    if state == _CANCELLED:
        return TimedOut()
    if state is None or state.startswith(_PASSING):
        return Busy()
    return Internal()


def _value_error(exception: Any) -> errors.DomainError:
    # psycopg refuses text that PostgreSQL cannot hold before sending it.
    if "NUL" in str(exception) or isinstance(exception, UnicodeError):
        return errors.Invalid.one("", "invalid_text", "Text must be valid Unicode without NUL characters.")
    return Internal()


def _as(kind: type[errors.DomainError]) -> Callable[[Any], errors.DomainError]:
    return lambda exception: kind()


# The first match counts: special kinds stand before the general.
_TABLE: tuple[tuple[type[BaseException], Callable[[Any], errors.DomainError]], ...] = (
    (TypeFault, _type_fault),
    (Http404, _as(errors.NotFound)),
    (django_errors.ObjectDoesNotExist, _as(errors.NotFound)),
    (django_errors.PermissionDenied, _as(errors.Forbidden)),
    (django_errors.RequestDataTooBig, _as(errors.TooLarge)),
    (django_errors.TooManyFieldsSent, _as(errors.TooLarge)),
    (django_errors.SuspiciousOperation, _as(errors.BadRequest)),
    (django_errors.BadRequest, _as(errors.BadRequest)),
    (drf_errors.ParseError, _as(errors.MalformedBody)),
    (drf_errors.AuthenticationFailed, _as(errors.NotAuthenticated)),
    (drf_errors.NotAuthenticated, _as(errors.NotAuthenticated)),
    (drf_errors.PermissionDenied, _as(errors.Forbidden)),
    (drf_errors.NotFound, _as(errors.NotFound)),
    (drf_errors.MethodNotAllowed, _as(errors.MethodNotAllowed)),
    (drf_errors.NotAcceptable, _as(errors.NotAcceptable)),
    (drf_errors.UnsupportedMediaType, _as(errors.UnsupportedMediaType)),
    (drf_errors.Throttled, _throttled),
    (drf_errors.APIException, _drf_other),
    (IntegrityError, refusal_of),
    (DataError, refusal_of),
    (OperationalError, _operational),
    (InterfaceError, _as(Busy)),
    (DatabaseError, _operational),
    (UnicodeError, _value_error),
    (ValueError, _value_error),
)
