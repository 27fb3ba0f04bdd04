"""Types of days and moments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from core.registry.types.base import CALENDAR, EQUALITY, ORDER, FieldType, TypeFault, require_str

_DATETIME = re.compile(r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)?$")


@dataclass(frozen=True)
class Date(FieldType):
    name: ClassVar[str] = "date"
    graphql: ClassVar[str] = "Date"
    operators: ClassVar[frozenset[str]] = EQUALITY | ORDER | CALENDAR

    def parse(self, value: Any) -> date:
        text = require_str(value)
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
    operators: ClassVar[frozenset[str]] = EQUALITY | ORDER | CALENDAR

    def parse(self, value: Any) -> datetime:
        text = require_str(value)
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
