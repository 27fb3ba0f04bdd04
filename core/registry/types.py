"""The types of fields: one table that validates input, types criteria, and describes itself to OpenAPI and GraphQL.

`parse` takes a JSON value and returns the Python value that is stored, or raises `TypeFault`.
`sql` gives the SQL that turns a column into its wire form (what JSON shows): decimals travel as strings.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar
from uuid import UUID

import phonenumbers
from email_validator import EmailNotValidError, validate_email

_EQUALITY = frozenset({"eq", "ne", "in", "not_in", "is_null"})
_ORDER = frozenset({"lt", "lte", "gt", "gte", "between"})
_TEXT = frozenset({"contains", "starts_with"})
_CALENDAR = frozenset({"within", "older_than", "next", "this", "previous"})
_SETS = frozenset({"has", "has_any", "has_all", "is_empty"})

_URL = re.compile(r"^https?://[^\s/$.?#<>\"][^\s<>\"]*$", re.IGNORECASE)
_CODE = re.compile(r"^[A-Z]+$")
_DATETIME = re.compile(r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)?$")
_DECIMAL = re.compile(r"^[+-]?\d{1,30}(\.\d{1,30})?$")
MAX_INTEGER = 2**31 - 1


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
    operators: ClassVar[frozenset[str]] = _EQUALITY
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


def _require_str(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeFault("wrong_type", "Must be a string.")
    if "\x00" in value:
        raise TypeFault("nul_character", "Must not contain NUL characters.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise TypeFault("invalid_unicode", "Must be valid Unicode text.") from None
    return value


@dataclass(frozen=True)
class Text(FieldType):
    """Text of bounded length; surrounding white space is dropped, and empty text is stored as null."""

    name: ClassVar[str] = "text"
    operators: ClassVar[frozenset[str]] = _EQUALITY | _ORDER | _TEXT
    max_length: int = 10_000

    def parse(self, value: Any) -> str | None:
        text = _require_str(value).strip()
        if len(text) > self.max_length:
            raise TypeFault("too_long", f"Must have at most {self.max_length} characters.")
        return text or None

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.max_length}


@dataclass(frozen=True)
class Email(Text):
    """An e-mail address; stored in lower case."""

    name: ClassVar[str] = "email"
    max_length: int = 254

    def parse(self, value: Any) -> str | None:
        text = super().parse(value)
        if text is None:
            return None
        try:
            return validate_email(text, check_deliverability=False, test_environment=True).normalized.lower()
        except EmailNotValidError:
            raise TypeFault("invalid_email", "Must be an e-mail address.") from None

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "email", "maxLength": self.max_length}


@dataclass(frozen=True)
class Phone(Text):
    """A telephone number with country code; stored as E.164."""

    name: ClassVar[str] = "phone"
    max_length: int = 32

    def parse(self, value: Any) -> str | None:
        text = super().parse(value)
        if text is None:
            return None
        try:
            number = phonenumbers.parse(text, None)
        except phonenumbers.NumberParseException:
            raise TypeFault("invalid_phone", "Must be a telephone number with its country code (+...).") from None
        if not phonenumbers.is_possible_number(number):
            raise TypeFault("invalid_phone", "Is not a possible telephone number.")
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.max_length, "description": "E.164"}


@dataclass(frozen=True)
class Url(Text):
    """An absolute http(s) address."""

    name: ClassVar[str] = "url"
    max_length: int = 2000

    def parse(self, value: Any) -> str | None:
        text = super().parse(value)
        if text is not None and not _URL.match(text):
            raise TypeFault("invalid_url", "Must be an absolute http or https address.")
        return text

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "uri", "maxLength": self.max_length}


@dataclass(frozen=True)
class Code(Text):
    """A code of capital letters of fixed length: ISO 4217 currencies (3), ISO 3166 countries (2)."""

    name: ClassVar[str] = "code"
    max_length: int = 3

    def parse(self, value: Any) -> str | None:
        text = super().parse(value)
        if text is None:
            return None
        text = text.upper()
        if len(text) != self.max_length or not _CODE.match(text):
            raise TypeFault("invalid_code", f"Must be a code of {self.max_length} letters.")
        return text

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^[A-Za-z]{{{self.max_length}}}$"}


@dataclass(frozen=True)
class Choice(FieldType):
    """One of a fixed list of words."""

    name: ClassVar[str] = "choice"
    options: tuple[str, ...] = ()

    def parse(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.options:
            raise TypeFault("invalid_choice", f"Must be one of: {', '.join(self.options)}.")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.options)}


@dataclass(frozen=True)
class Boolean(FieldType):
    name: ClassVar[str] = "boolean"
    graphql: ClassVar[str] = "Boolean"

    def parse(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise TypeFault("wrong_type", "Must be true or false.")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Integer(FieldType):
    """A whole number that fits 32 bits, so that every client can hold it."""

    name: ClassVar[str] = "integer"
    graphql: ClassVar[str] = "Int"
    operators: ClassVar[frozenset[str]] = _EQUALITY | _ORDER
    is_number: ClassVar[bool] = True
    minimum: int = -MAX_INTEGER
    maximum: int = MAX_INTEGER

    def parse(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeFault("wrong_type", "Must be a whole number.")
        if not self.minimum <= value <= self.maximum:
            raise TypeFault("out_of_range", f"Must be between {self.minimum} and {self.maximum}.")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}


@dataclass(frozen=True)
class DecimalNumber(FieldType):
    """An exact decimal; travels as a string, is accepted as a string or a JSON number."""

    name: ClassVar[str] = "decimal"
    graphql: ClassVar[str] = "Decimal"
    operators: ClassVar[frozenset[str]] = _EQUALITY | _ORDER
    is_number: ClassVar[bool] = True
    max_digits: int = 18
    places: int = 4
    minimum: Decimal | None = None

    def parse(self, value: Any) -> Decimal:
        number = self._number(value)
        exponent = number.normalize().as_tuple().exponent
        if isinstance(exponent, int) and -exponent > self.places:
            raise TypeFault("too_precise", f"Must have at most {self.places} decimal places.")
        if abs(number) >= Decimal(10) ** (self.max_digits - self.places):
            raise TypeFault(
                "out_of_range", f"Must have at most {self.max_digits - self.places} digits before the point."
            )
        if self.minimum is not None and number < self.minimum:
            raise TypeFault("out_of_range", f"Must be at least {self.minimum}.")
        return number

    @staticmethod
    def _number(value: Any) -> Decimal:
        fits = isinstance(value, (str, int, float, Decimal)) and not isinstance(value, bool)
        if not fits or (isinstance(value, float) and not math.isfinite(value)):
            raise TypeFault("wrong_type", "Must be a decimal number, best as a string.")
        text = str(value).strip()
        if isinstance(value, str) and not _DECIMAL.match(text):
            raise TypeFault("wrong_type", "Must be a decimal number such as 12.50.")
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise TypeFault("wrong_type", "Must be a decimal number.") from None
        if not number.is_finite() or abs(number.adjusted()) > 40:
            raise TypeFault("out_of_range", "Is too large or too small.")
        return number

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "decimal", "pattern": r"^[+-]?\d+(\.\d+)?$"}

    def sql(self, column: str) -> str:
        return f"{column}::text"

    def dump(self, value: Any) -> Any:
        return None if value is None else str(value)


@dataclass(frozen=True)
class Number(FieldType):
    """A measurement in double precision (a score, a rate); never money."""

    name: ClassVar[str] = "number"
    graphql: ClassVar[str] = "Float"
    operators: ClassVar[frozenset[str]] = _EQUALITY | _ORDER
    is_number: ClassVar[bool] = True

    def parse(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 1e300:
            raise TypeFault("wrong_type", "Must be a finite number.")
        if not math.isfinite(value):
            raise TypeFault("wrong_type", "Must be a finite number.")
        return float(value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "number"}


@dataclass(frozen=True)
class Date(FieldType):
    name: ClassVar[str] = "date"
    graphql: ClassVar[str] = "Date"
    operators: ClassVar[frozenset[str]] = _EQUALITY | _ORDER | _CALENDAR

    def parse(self, value: Any) -> date:
        text = _require_str(value)
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            raise TypeFault("invalid_date", "Must be a date as YYYY-MM-DD.")
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise TypeFault("invalid_date", "Is not a date of the calendar.") from None

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}

    def dump(self, value: Any) -> Any:
        return None if value is None else value.isoformat()


@dataclass(frozen=True)
class DateTime(FieldType):
    """A moment with its offset from UTC; stored and shown in UTC. A bare date means its first moment in UTC."""

    name: ClassVar[str] = "datetime"
    graphql: ClassVar[str] = "DateTime"
    operators: ClassVar[frozenset[str]] = _EQUALITY | _ORDER | _CALENDAR

    def parse(self, value: Any) -> datetime:
        text = _require_str(value)
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            text += "T00:00:00Z"
        if not _DATETIME.match(text):
            raise TypeFault("invalid_datetime", "Must be a moment as YYYY-MM-DDTHH:MM:SS with offset (RFC 3339).")
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise TypeFault("missing_offset", "Must carry an offset from UTC, such as Z.")
            return moment.astimezone(UTC)
        except (ValueError, OverflowError) as fault:
            if isinstance(fault, TypeFault):
                raise
            raise TypeFault("invalid_datetime", "Is not a moment of the calendar.") from None

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}

    def dump(self, value: Any) -> Any:
        return None if value is None else value.astimezone(UTC).isoformat()


@dataclass(frozen=True)
class Id(FieldType):
    """The id of a record (UUID)."""

    name: ClassVar[str] = "id"
    graphql: ClassVar[str] = "ID"

    def parse(self, value: Any) -> UUID:
        if isinstance(value, UUID):
            return value
        text = _require_str(value)
        try:
            if len(text) not in (32, 36):
                raise ValueError
            return UUID(text)
        except ValueError:
            raise TypeFault("invalid_id", "Must be a UUID.") from None

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}

    def dump(self, value: Any) -> Any:
        return None if value is None else str(value)


@dataclass(frozen=True)
class TextList(FieldType):
    """A set of short words (tags); order and repeats are dropped."""

    name: ClassVar[str] = "text_list"
    graphql: ClassVar[str] = "[String!]"
    operators: ClassVar[frozenset[str]] = _SETS
    max_length: int = 64
    max_items: int = 100

    def parse(self, value: Any) -> list[str]:
        if not isinstance(value, list):
            raise TypeFault("wrong_type", "Must be a list of strings.")
        if len(value) > self.max_items:
            raise TypeFault("too_many", f"Must have at most {self.max_items} items.")
        words = {Text(self.max_length).parse(item) for item in value}
        return sorted(word for word in words if word)

    def json_schema(self) -> dict[str, Any]:
        item = {"type": "string", "maxLength": self.max_length}
        return {"type": "array", "items": item, "maxItems": self.max_items}


@dataclass(frozen=True)
class Json(FieldType):
    """Free JSON (an object by default), bounded in depth and size; not filterable as a whole."""

    name: ClassVar[str] = "json"
    graphql: ClassVar[str] = "JSON"
    operators: ClassVar[frozenset[str]] = frozenset({"is_null"})
    max_depth: int = 8
    max_nodes: int = 2000
    objects_only: bool = True

    def parse(self, value: Any) -> Any:
        if self.objects_only and not isinstance(value, dict):
            raise TypeFault("wrong_type", "Must be a JSON object.")
        budget = [self.max_nodes]
        self._walk(value, self.max_depth, budget)
        return value

    def _walk(self, value: Any, depth: int, budget: list[int]) -> None:
        budget[0] -= 1
        if depth < 0 or budget[0] < 0:
            raise TypeFault("too_complex", "Is nested too deeply or has too many parts.")
        if isinstance(value, str):
            _require_str(value)
        elif isinstance(value, dict):
            for key, item in value.items():
                _require_str(key)
                self._walk(item, depth - 1, budget)
        elif isinstance(value, Sequence):
            for item in value:
                self._walk(item, depth - 1, budget)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": True} if self.objects_only else {}
