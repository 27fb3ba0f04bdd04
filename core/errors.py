"""Domain errors: each has a stable `code`, an HTTP `status`, a title and data; translated in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault of the input: a JSON Pointer (RFC 6901) to the place, a stable code and a sentence."""

    pointer: str
    code: str
    message: str

    def as_dict(self) -> dict[str, str]:
        return {"pointer": self.pointer, "code": self.code, "message": self.message}


class DomainError(Exception):
    """Base of every refusal that a caller can understand. `data` is shown to the caller: nothing secret in it."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request could not be carried out."

    def __init__(self, detail: str | None = None, **data: Any) -> None:
        self.detail = detail or self.title
        self.data: dict[str, Any] = data
        super().__init__(self.detail)

    @property
    def headers(self) -> Mapping[str, str]:
        """Response headers that belong to this refusal (Retry-After, WWW-Authenticate)."""
        return {}

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """Faults by place in the input; empty where the refusal is about the whole."""
        return ()


class Invalid(DomainError):
    """The input is well-formed but wrong; `errors` says where."""

    code = "invalid"
    status = 422
    title = "The input is not valid."

    def __init__(self, errors: Iterable[FieldError], detail: str | None = None, **data: Any) -> None:
        super().__init__(detail, **data)
        self._errors = tuple(errors)

    @property
    def errors(self) -> tuple[FieldError, ...]:
        return self._errors

    @classmethod
    def one(cls, pointer: str, code: str, message: str) -> Invalid:
        return cls([FieldError(pointer, code, message)])


class BadRequest(DomainError):
    """The request itself is malformed (syntax, encoding, unknown parameter, cursor)."""

    code = "bad_request"
    status = 400
    title = "The request is malformed."

    def __init__(self, detail: str | None = None, *, errors: Iterable[FieldError] = (), **data: Any) -> None:
        super().__init__(detail, **data)
        self._errors = tuple(errors)

    @property
    def errors(self) -> tuple[FieldError, ...]:
        return self._errors


class MalformedBody(BadRequest):
    code = "malformed_body"
    title = "The body is not valid JSON in UTF-8."


class UnknownParameter(BadRequest):
    code = "unknown_parameter"
    title = "A parameter is not known."


class InvalidCriteria(BadRequest):
    code = "invalid_criteria"
    title = "The criteria are not valid."

    def below(self, pointer: str) -> list[FieldError]:
        """The faults, of criteria that stand at a place in a larger input."""
        return [FieldError(pointer + fault.pointer, fault.code, fault.message) for fault in self.errors]


class InvalidCursor(BadRequest):
    code = "invalid_cursor"
    title = "The cursor is not valid for this list."


class NotAuthenticated(DomainError):
    code = "not_authenticated"
    status = 401
    title = "Sign in, or send a valid API key or token."

    @property
    def headers(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": 'Bearer realm="bifocal"'}


class Forbidden(DomainError):
    code = "forbidden"
    status = 403
    title = "You may not do this."


class NotFound(DomainError):
    """There is no such record, or the actor may not see it: the two are never told apart."""

    code = "not_found"
    status = 404
    title = "There is no such record."


class MethodNotAllowed(DomainError):
    code = "method_not_allowed"
    status = 405
    title = "This method is not allowed here."


class NotAcceptable(DomainError):
    code = "not_acceptable"
    status = 406
    title = "No representation that you accept is available."


class Conflict(DomainError):
    code = "conflict"
    status = 409
    title = "The request conflicts with the present state."


class Duplicate(Conflict):
    code = "duplicate"
    title = "A record with this value already exists."


class PersonErased(Conflict):
    code = "contact_erased"
    title = "The person's data was erased; nothing is added to it."


class StaleVersion(DomainError):
    code = "stale_version"
    status = 412
    title = "The record has changed since you read it."


class TooLarge(DomainError):
    code = "too_large"
    status = 413
    title = "The body is too large."


class UnsupportedMediaType(DomainError):
    code = "unsupported_media_type"
    status = 415
    title = "This media type is not supported; send application/json."


class IdempotencyKeyReused(DomainError):
    code = "idempotency_key_reused"
    status = 422
    title = "This idempotency key was used for a different request."


class IdempotencyInProgress(Conflict):
    code = "idempotency_in_progress"
    title = "A request with this idempotency key is still being processed."


class TooManyRequests(DomainError):
    code = "too_many_requests"
    status = 429
    title = "Too many requests."

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": str(self.data.get("retry_after", 1))}


class Unavailable(DomainError):
    code = "unavailable"
    status = 503
    title = "The service is not available right now."
