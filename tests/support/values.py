"""A valid JSON value for every type of field, and other ones on demand: the number makes them different."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from core.criteria.types import Criteria
from core.registry import types
from core.registry.fields import Field, ListOf, Shape
from core.registry.types import FieldType
from crm.types import Colour, Domain, Key

Make = Callable[[Any, str, int], Any]

CURRENCIES = ("USD", "EUR", "GBP", "JPY")
COUNTRIES = ("BE", "FR", "DE", "NL")


def sample(kind: FieldType, name: str, number: int) -> Any:
    """A value that `kind` accepts. References, nested records and rules across fields are the caller's."""
    for base in type(kind).__mro__:
        make = _MAKERS.get(base)
        if make is not None:
            value = make(kind, name, number)
            kind.parse(value)
            return value
    raise AssertionError(
        f"there is no sample of the type {type(kind).__name__} (field {name}): add one to {__name__}._MAKERS"
    )


def members(shape: Shape, number: int) -> dict[str, Any]:
    """An object with all fields of the shape, but for references."""
    return {item.name: sample(item.type, item.name, number) for item in shape.fields if _can_be_made(item)}


def _can_be_made(item: Field) -> bool:
    return item.writable and item.reference is None and not isinstance(item.type, types.Id)


def _text(kind: types.Text, name: str, number: int) -> str:
    return f"{name.replace('_', ' ')} {number}"[-kind.max_length :].strip()


def _code(kind: types.Code, name: str, number: int) -> str:
    known = {3: CURRENCIES, 2: COUNTRIES}.get(kind.max_length)
    return known[number % len(known)] if known else "A" * kind.max_length


def _integer(kind: types.Integer, name: str, number: int) -> int:
    least = max(kind.minimum, 0)
    # Small enough for the smallest columns, and never the bound itself.
    return least + 1 + number % (min(kind.maximum, least + 30_000) - least)


def _decimal(kind: types.DecimalNumber, name: str, number: int) -> str:
    least = kind.minimum or Decimal(0)
    size = Decimal(10) ** min(kind.max_digits - kind.places, 4)
    places = "." + "25".ljust(kind.places, "0")[: kind.places] if kind.places else ""
    return f"{int(least + 1 + number % (size - 2))}{places}"


def _date(kind: types.Date, name: str, number: int) -> str:
    return f"2025-{number % 12 + 1:02}-{number % 28 + 1:02}"


def _datetime(kind: types.DateTime, name: str, number: int) -> str:
    return f"{_date(types.Date(), name, number)}T{number % 24:02}:30:00+00:00"


def _json(kind: types.Json, name: str, number: int) -> Any:
    return {"number": number, "list": [1, "two", None, True], "inner": {"snake_case": "a", "camelCase": "b"}}


def _upload(kind: types.Upload, name: str, number: int) -> SimpleUploadedFile:
    return SimpleUploadedFile(f"{name} {number}.txt", f"content {number}\n".encode(), "text/plain")


_MAKERS: dict[type[FieldType], Make] = {
    Domain: lambda kind, name, number: f"company-{number}.example",
    Colour: lambda kind, name, number: f"#{number % 0xFFFFFF:06x}",
    Key: lambda kind, name, number: f"key_{number}",
    types.Email: lambda kind, name, number: f"person.{number}@example.com",
    types.Phone: lambda kind, name, number: f"+3225{number % 1_000_000:06}",
    types.Url: lambda kind, name, number: f"https://example.com/{number}",
    types.Code: _code,
    types.Text: _text,
    types.Choice: lambda kind, name, number: kind.options[number % len(kind.options)],
    types.Boolean: lambda kind, name, number: number % 2 == 0,
    types.Integer: _integer,
    types.DecimalNumber: _decimal,
    types.Number: lambda kind, name, number: number + 0.5,
    types.Date: _date,
    types.DateTime: _datetime,
    types.MultiChoice: lambda kind, name, number: [kind.options[number % len(kind.options)]],
    types.Money: lambda kind, name, number: {"amount": f"{number}.50", "currency": kind.currency or "EUR"},
    types.ExactNumber: lambda kind, name, number: number + 0.25,
    types.TextList: lambda kind, name, number: [f"a {number}", f"b {number}"],
    types.Json: _json,
    Criteria: lambda kind, name, number: {},
    types.Upload: _upload,
    Shape: lambda kind, name, number: members(kind, number),
    ListOf: lambda kind, name, number: [sample(kind.inner, name, number)],
}
