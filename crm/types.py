"""Types of fields that only the customer record has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.registry.types import Date, DecimalNumber, Text, TextList, TypeFault
from crm.working_time import clock_time

_DOMAIN = re.compile(r"^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}$")
_COLOUR = re.compile(r"^#[0-9a-f]{6}$")
_SYSTEM = re.compile(r"^[a-z0-9][a-z0-9_.-]{0,63}$")
_KEY = re.compile(r"^[a-z][a-z0-9_]{0,62}$")


@dataclass(frozen=True)
class Domain(Text):
    """An Internet domain; stored in lower case, without `www.`."""

    max_length: int = 253

    def parse(self, value: Any) -> str | None:
        text = super().parse(value)
        if text is None:
            return None
        try:
            text = text.lower().removeprefix("www.").encode("idna").decode("ascii")
        except UnicodeError:
            text = ""
        if not _DOMAIN.match(text):
            raise TypeFault("invalid_domain", "Must be an Internet domain such as example.com.")
        return text


@dataclass(frozen=True)
class Colour(Text):
    """A colour as #rrggbb."""

    max_length: int = 7

    def parse(self, value: Any) -> str | None:
        text = super().parse(value)
        if text is not None and not _COLOUR.match(text.lower()):
            raise TypeFault("invalid_colour", "Must be a colour such as #1f77b4.")
        return text.lower() if text else None


@dataclass(frozen=True)
class Key(Text):
    """The key of a custom field."""

    max_length: int = 63

    def parse(self, value: Any) -> str | None:
        text = super().parse(value)
        if text is not None and not _KEY.match(text):
            raise TypeFault("invalid_key", "Must start with a lower-case letter and consist of a-z, 0-9 and _.")
        return text


@dataclass(frozen=True)
class ClockTime(Text):
    """A time of day as HH:MM; 24:00 is the end of the day."""

    max_length: int = 5

    def parse(self, value: Any) -> str | None:
        text = super().parse(value)
        try:
            if text is not None:
                clock_time(text)
        except ValueError:
            raise TypeFault("invalid_time", "Must be a time of day such as 09:00.") from None
        return text


@dataclass(frozen=True)
class Days(TextList):
    """A set of dates, each as YYYY-MM-DD."""

    max_length: int = 10
    max_items: int = 1000

    def parse(self, value: Any) -> list[str]:
        return sorted({Date().parse(word).isoformat() for word in super().parse(value)})


@dataclass(frozen=True)
class Options(TextList):
    """The words of a choice, in their order; repeats are dropped."""

    max_items: int = 200

    def parse(self, value: Any) -> list[str]:
        known = set(super().parse(value))
        words = (word.strip() for word in value)
        return list(dict.fromkeys(word for word in words if word in known))


@dataclass(frozen=True)
class System(Text):
    """The name of a system that gives out ids: shopify, till-7; stored in lower case."""

    max_length: int = 64

    def parse(self, value: Any) -> str | None:
        text = super().parse(value)
        if text is not None and not _SYSTEM.match(text.lower()):
            raise TypeFault("invalid_system", "Must consist of letters, digits, _, . and -.")
        return text.lower() if text else None


@dataclass(frozen=True)
class Share(DecimalNumber):
    """A part of one: how sure something is, how much two things are alike."""

    max_digits: int = 4
    places: int = 3
    minimum: Decimal | None = Decimal(0)

    def parse(self, value: Any) -> Decimal:
        number = super().parse(value)
        if number > 1:
            raise TypeFault("out_of_range", "Must be at most 1.")
        return number
