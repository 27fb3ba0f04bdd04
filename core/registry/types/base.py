"""What every type has, and the operators of criteria by kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

EQUALITY = frozenset({"eq", "ne", "in", "not_in", "is_null"})
ORDER = frozenset({"lt", "lte", "gt", "gte", "between"})
TEXT = frozenset({"contains", "starts_with"})
CALENDAR = frozenset({"within", "older_than", "next", "this", "previous"})
SETS = frozenset({"has", "has_any", "has_all", "is_empty"})


class TypeFault(ValueError):
    """A value that does not fit its type; `code` is stable, the message is for people."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True)
class FieldType:
    """Base of all types. Subclasses are immutable and compare by value."""

    name: ClassVar[str] = ""
    graphql: ClassVar[str] = "String"
    operators: ClassVar[frozenset[str]] = EQUALITY
    is_number: ClassVar[bool] = False

    def parse(self, value: Any) -> Any:
        raise NotImplementedError

    def json_schema(self) -> dict[str, Any]:
        raise NotImplementedError

    def sql(self, column: str) -> str:
        return column

    def dump(self, value: Any) -> Any:
        """The wire form of a stored value."""
        return value


def require_str(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeFault("wrong_type", "Must be a string.")
    if "\x00" in value:
        raise TypeFault("nul_character", "Must not contain NUL characters.")
    if not is_unicode(value):
        raise TypeFault("invalid_unicode", "Must be valid Unicode text.")
    return value


def is_unicode(text: str) -> bool:
    """Whether a text has no halves of characters (surrogates) in it, which no encoding can write."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
