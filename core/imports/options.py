"""What a user may say about how a file is read and written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from core.errors import FieldError, Invalid
from core.imports.detection import dates, numbers
from core.imports.detection.columns import Column
from core.registry.fields import Field, clean_values
from core.registry.types import Boolean, Choice, Code, Integer, Json, Text, TypeFault

MODES = ("create", "update", "upsert", "skip_existing")
READING = ("format", "encoding", "separator", "quote", "header", "sheet", "skip_rows", "short_rows", "stray_bytes")


class _Verbatim(Text):
    """Text of which white space counts: a tab is a separator."""

    def parse(self, value: Any) -> str | None:
        return value if isinstance(value, str) and len(value) <= self.max_length else super().parse(value)


FIELDS = (
    Field("format", Text(max_length=20), "The kind of file, where its content does not tell."),
    Field("encoding", Text(max_length=40), "Of a text: utf-8, cp1252..."),
    Field("separator", _Verbatim(max_length=10), "Between cells: a character, or comma, semicolon, tab, bar."),
    Field("quote", _Verbatim(max_length=1), "Around cells; empty for none."),
    Field("header", Boolean(), "Whether the first row names the columns."),
    Field("sheet", _Verbatim(max_length=100), "Of a workbook, by name."),
    Field("skip_rows", Integer(minimum=0, maximum=1000), "How many rows stand above the header."),
    Field("short_rows", Choice(options=("error", "fill")), "Whether a row with too few cells is an error."),
    Field("stray_bytes", Choice(options=("error", "cp1252", "latin-1")), "What bytes of another encoding are read as."),
    Field("mode", Choice(options=MODES), "What may be done; upsert by default.", nullable=False),
    Field("key", Text(max_length=63), "The field by which an existing record is found."),
    Field("on_duplicate", Choice(options=("last", "first")), "Which of the rows with the same key counts."),
    Field("create_missing", Json(objects_only=False), "Relations whose missing records are made; true: all."),
    Field("stop_after_errors", Integer(minimum=1), "Give up a commit once so many rows have failed."),
    Field("empty", Choice(options=("keep", "clear")), "What an empty cell does to an existing record."),
    Field("time_zone", Text(max_length=64), "Of moments without an offset; UTC if not given."),
    Field("phone_region", Code(max_length=2), "Country of telephone numbers without a country code."),
    Field("list_separator", _Verbatim(max_length=1), "Between the members of a list in one cell."),
    Field("columns", Json(max_depth=4), "By name: decimal (point, comma), date_format (y-m-d, d/m/y, m/d/y, excel)."),
    Field("walk_in", Text(max_length=200), "External id of the customer to whom rows without a customer belong."),
    Field("returns", Choice(options=("match", "skip", "error")), "What is done with rows of negative quantity."),
)  # fmt: skip
_COLUMN = (
    Field("decimal", Choice(options=(numbers.POINT, numbers.COMMA))),
    Field("date_format", Choice(options=dates.ORDERS)),
)


def clean(given: Any) -> dict[str, Any]:
    """The validated options. Raises Invalid with pointers below /options."""
    errors: list[FieldError] = []
    cleaned: dict[str, Any] = {}
    try:
        cleaned = clean_values(FIELDS, given if given is not None else {})
    except TypeFault as fault:
        raise Invalid.one("/options", fault.code, str(fault)) from None
    except Invalid as refusal:
        errors += [FieldError(f"/options{item.pointer}", item.code, item.message) for item in refusal.errors]
    errors += _more(cleaned)
    if errors:
        raise Invalid(errors)
    return {name: value for name, value in cleaned.items() if value is not None or name == "quote"}


def _more(cleaned: Mapping[str, Any]) -> list[FieldError]:
    errors = []
    zone = cleaned.get("time_zone")
    if zone is not None and zone not in available_timezones():
        errors.append(FieldError("/options/time_zone", "invalid_time_zone", "Must be a zone such as Europe/Brussels."))
    missing = cleaned.get("create_missing")
    is_list = isinstance(missing, list) and all(isinstance(item, str) for item in missing)
    if missing is not None and not isinstance(missing, bool) and not is_list:
        errors.append(FieldError("/options/create_missing", "wrong_type", "Must be true, false or names of relations."))
    for name, told in (cleaned.get("columns") or {}).items():
        try:
            clean_values(_COLUMN, told)
        except TypeFault as fault:
            errors.append(FieldError(f"/options/columns/{name}", fault.code, str(fault)))
        except Invalid as refusal:
            errors += [
                FieldError(f"/options/columns/{name}{one.pointer}", one.code, one.message) for one in refusal.errors
            ]
    return errors


def zone_of(options: Mapping[str, Any]) -> ZoneInfo:
    return ZoneInfo(options.get("time_zone") or "UTC")


def reading(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are the reader's."""
    return {name: options[name] for name in READING if name in options and name != "format"}


def answered(columns: list[Column], options: Mapping[str, Any]) -> list[Column]:
    """The columns as the user says that they are."""
    told: Mapping[str, Any] = options.get("columns") or {}
    found = []
    for column in columns:
        say = {name: value for name, value in (told.get(column.name) or {}).items() if value}
        left = tuple(item for item in column.open if item not in say)
        found.append(Column(**{**vars(column), **say, "open": left}))
    return found
