"""Query parameters, strictly: known, given once, in UTF-8, of the right type."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest

from core.errors import BadRequest, FieldError, UnknownParameter
from core.registry.fields import Field, escape, parse_at
from core.registry.types import Boolean, FieldType, Integer, Number, TextList

MAX_PARAMETERS = 100
MAX_LENGTH = 16_000


class InvalidParameter(BadRequest):
    """A parameter of the query string has a wrong value; `errors` names it."""

    code = "invalid_parameter"
    title = "A parameter is not valid."

    @classmethod
    def named(cls, name: str, code: str, message: str) -> InvalidParameter:
        """The refusal of one parameter."""
        return cls(f"{name}: {message}", errors=[FieldError(f"/{name}", code, message)])


def read(request: HttpRequest, known: Collection[str]) -> dict[str, str]:
    """The parameters by name. Raises UnknownParameter, InvalidParameter (twice, too many) or BadRequest (encoding)."""
    raw = request.META.get("QUERY_STRING", "")
    if not raw:
        return {}
    values: dict[str, str] = {}
    unknown: list[str] = []
    for name, value in _pairs(raw):
        if name in values:
            raise InvalidParameter.named(escape(name), "repeated", "Must be given once.")
        if name not in known:
            unknown.append(name)
        values[name] = value
    if unknown:
        raise UnknownParameter(
            f"Unknown: {', '.join(unknown)[:200]}.",
            errors=[FieldError(f"/{escape(name)}", "unknown_parameter", "Is not known here.") for name in unknown],
        )
    return values


def _pairs(raw: str) -> list[tuple[str, str]]:
    if len(raw) > MAX_LENGTH:
        raise BadRequest(f"The query string may have at most {MAX_LENGTH} characters; use the search address.")
    try:
        # WSGI hands the bytes over as Latin-1.
        text = raw.encode("latin-1").decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except UnicodeError:
        raise BadRequest("The query string is not valid UTF-8.") from None
    except ValueError:
        raise BadRequest(f"At most {MAX_PARAMETERS} parameters are allowed.") from None
    if any("\x00" in part for pair in pairs for part in pair):
        raise BadRequest("The query string must not contain NUL characters.")
    return pairs


def integer(values: Mapping[str, str], name: str, *, default: int, minimum: int, maximum: int) -> int:
    """A whole number within bounds. Raises InvalidParameter."""
    if name not in values:
        return default
    number: int = typed(Integer(minimum=minimum, maximum=maximum), name, values[name])
    return number


def boolean(values: Mapping[str, str], name: str) -> bool:
    """True or false, false where it is not given. Raises InvalidParameter."""
    return name in values and bool(typed(Boolean(), name, values[name]))


def names(values: Mapping[str, str], name: str) -> tuple[str, ...] | None:
    """A list of names separated by commas; None where it is not given. Raises InvalidParameter."""
    if name not in values:
        return None
    parts = tuple(part.strip() for part in values[name].split(","))
    if not all(parts) or len(parts) > MAX_PARAMETERS:
        raise InvalidParameter.named(name, "invalid_list", "Must be names separated by commas.")
    return parts


def typed(kind: FieldType, name: str, text: str) -> Any:
    """The value of a parameter by its type. Raises InvalidParameter."""
    faults: list[FieldError] = []
    value = parse_at(kind, json_value(kind, text), f"/{name}", faults)
    if faults:
        raise InvalidParameter(f"{name}: {faults[0].message}", errors=faults)
    return value


def json_value(kind: FieldType, text: str) -> Any:
    """The JSON value that a parameter's text stands for: numbers, true and false, lists with commas, else text."""
    if isinstance(kind, Boolean):
        return {"true": True, "false": False}.get(text, text)
    if isinstance(kind, Integer) and len(text) < 20 and text.removeprefix("-").isdecimal() and text.isascii():
        return int(text)
    if isinstance(kind, Number):
        return _float(text)
    if isinstance(kind, TextList):
        return text.split(",") if text else []
    return text


def _float(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def inputs(fields: Iterable[Field], values: Mapping[str, str]) -> dict[str, Any]:
    """The JSON object that parameters stand for, by the fields they are named after; to be validated as a body is."""
    kinds = {item.name: item.type for item in fields}
    return {name: json_value(kinds[name], text) for name, text in values.items()}
