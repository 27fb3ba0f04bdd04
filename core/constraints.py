"""What a violated database constraint means to the caller: which fields clash, which value is not allowed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.apps import apps
from django.db.models import CheckConstraint, Model, UniqueConstraint

from core.errors import Conflict, DomainError, Duplicate, FieldError, Invalid


class Taken(Duplicate):
    """A duplicate of which the clashing fields are known."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(f"A record with this {' and '.join(fields)} already exists.", fields=list(fields))

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """One per field."""
        return tuple(FieldError(f"/{item}", "duplicate", "Is already taken.") for item in self.data["fields"])


# What tells the refusal of a constraint that its fields do not tell, by the constraint's name.
_explanations: dict[str, Callable[[Any], DomainError]] = {}


def explain(name: str, refusal: Callable[[Any], DomainError]) -> None:
    """Have `refusal(diagnosis)` tell what the violation of a constraint means; the diagnosis is the driver's."""
    _explanations[name] = refusal


def refusal_of(exception: BaseException) -> DomainError:
    """The refusal that an IntegrityError or DataError of Django stands for."""
    cause: Any = exception.__cause__
    diagnosis = getattr(cause, "diag", None)
    name = getattr(diagnosis, "constraint_name", None) or ""
    if name in _explanations:
        return _explanations[name](diagnosis)
    # SQLSTATE, class 23: integrity constraint violations.
    match getattr(cause, "sqlstate", None):
        case "23505":
            return _duplicate(name)
        case "23503":
            return Conflict("A record that this one refers to does not exist, or other records refer to it.")
        case "23502":
            return Invalid.one(f"/{getattr(diagnosis, 'column_name', '')}", "null", "Must not be null.")
        case "23514":
            return Invalid.one("", "not_allowed", _messages().get(name, "The values do not fit together."))
        case "23P01":
            return Conflict("It overlaps with another record.")
        case _:
            return Invalid.one("", "invalid_value", "A value is out of range or cannot be stored.")


def _duplicate(name: str) -> Duplicate:
    fields = _unique_fields().get(name, ())
    return Taken(fields) if fields else Duplicate()


@cache
def _unique_fields() -> dict[str, tuple[str, ...]]:
    """The fields of every uniqueness constraint as the APIs name them, by its name in the database."""
    return {
        constraint.name: tuple(written(model, name) for name in constraint.fields)
        for model in apps.get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, UniqueConstraint)
    }


def written(model: type[Model], name: str) -> str:
    """The field as callers write it: contact_id, where the model says contact."""
    return str(getattr(model._meta.get_field(name), "attname", name))


@cache
def _messages() -> dict[str, str]:
    """The sentences of check constraints that have one of their own."""
    return {
        constraint.name: str(constraint.violation_error_message)
        for model in apps.get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint) and constraint.violation_error_message
    }
