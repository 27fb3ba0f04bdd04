"""From cells to values: a function per column, made once, that gives the validated value or raises TypeFault."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import phonenumbers

from core.errors import Invalid
from core.formulas import restored
from core.imports import columnwise
from core.imports.detection import dates, numbers, words
from core.imports.detection.columns import Column
from core.imports.readers import Cell, text_of
from core.registry import types
from core.registry.types import FieldType, TypeFault

Convert = Callable[[Cell], Any]
# Columns of few different values are looked up instead of read again.
FEW = 0.3


@dataclass(frozen=True)
class Reading:
    """How the cells of one column are read."""

    column: Column
    zone: ZoneInfo
    phone_region: str | None = None
    list_separator: str | None = None
    words: Mapping[str, str] | None = None


def converter(kind: FieldType, how: Reading) -> Convert:
    """The function that reads cells of this column as values of this type."""
    make = next((make for kinds, make in _MAKERS if isinstance(kind, kinds)), _of_text)
    convert = make(kind, how)
    column = how.column
    if column.filled and column.distinct <= FEW * column.filled and not isinstance(kind, types.TextList | types.Json):
        return _remembered(convert)
    return convert


def many(kind: FieldType, how: Reading, convert: Convert) -> columnwise.Many:
    """The same for many cells of the column at once."""
    make = next((make for kinds, make in _MAKERS if isinstance(kind, kinds)), _of_text)
    return columnwise.many(kind, convert, plain=make in (_of_text, _of_phone) and not how.words)


def _remembered(convert: Convert) -> Convert:
    """1, True and 1.0 are equal and not alike: the cache tells them apart."""
    return lru_cache(maxsize=4096, typed=True)(convert)


def _text(cell: Cell) -> str:
    return restored(cell) if isinstance(cell, str) else (text_of(cell) or "")


def _of_text(kind: FieldType, how: Reading) -> Convert:
    parse, other = kind.parse, how.words
    if not other:
        return lambda cell: parse(_text(cell))

    def convert(cell: Cell) -> Any:
        text = _text(cell)
        return parse(other.get(" ".join(text.split()).casefold(), text))

    return convert


def _of_phone(kind: FieldType, how: Reading) -> Convert:
    region = how.phone_region

    def convert(cell: Cell) -> Any:
        text = _text(cell).strip()
        if text.startswith("00"):
            text = f"+{text[2:]}"
        if not region or text.startswith("+"):
            return kind.parse(text)
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            raise TypeFault("invalid_phone", "Is not a telephone number.") from None
        return kind.parse(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))

    return convert


def plain_number(cell: Cell, decimal: str) -> numbers.Amount:
    """The number in a cell. Raises TypeFault."""
    if isinstance(cell, bool | date | datetime | time):
        raise TypeFault("wrong_type", "Must be a number.")
    if isinstance(cell, int):
        return numbers.Amount(str(cell))
    if isinstance(cell, float):
        # As many digits as a workbook shows: the others are noise of binary fractions.
        found = numbers.parse(format(cell, ".15g"), numbers.POINT)
    else:
        found = numbers.parse((cell or "").strip(), decimal)
    if found is None:
        mark = "1,234.56" if decimal == numbers.POINT else "1.234,56"
        raise TypeFault("wrong_type", f"Must be a number, written as in {mark}.")
    return found


def _of_number(kind: FieldType, how: Reading) -> Convert:
    decimal, parse = how.column.decimal, kind.parse
    if isinstance(kind, types.DecimalNumber):
        return lambda cell: parse(plain_number(cell, decimal).text)
    if isinstance(kind, types.Integer):
        return lambda cell: parse(_whole(plain_number(cell, decimal).text))
    return lambda cell: parse(float(plain_number(cell, decimal).text))


def _whole(text: str) -> int:
    whole, _, fraction = text.partition(".")
    if fraction.strip("0") or len(whole) > 19:
        raise TypeFault("wrong_type", "Must be a whole number.")
    return int(whole)


def _of_boolean(kind: FieldType, how: Reading) -> Convert:
    def convert(cell: Cell) -> Any:
        found = cell if isinstance(cell, bool) else words.boolean(_text(cell))
        if found is None:
            raise TypeFault("wrong_type", "Must be yes or no.")
        return found

    return convert


def _of_date(kind: FieldType, how: Reading) -> Convert:
    order = how.column.date_format

    def convert(cell: Cell) -> Any:
        if isinstance(cell, datetime):
            return cell.date()
        return _moment(cell, order).date()

    return convert


def _of_datetime(kind: FieldType, how: Reading) -> Convert:
    order, zone = how.column.date_format, how.zone

    def convert(cell: Cell) -> Any:
        moment = cell if isinstance(cell, datetime) else _moment(cell, order)
        try:
            return dates.in_zone(moment, zone)
        except (OverflowError, ValueError):
            raise TypeFault("invalid_datetime", "Is not a moment of the calendar.") from None

    return convert


def _moment(cell: Cell, order: str) -> datetime:
    text = "" if isinstance(cell, bool | time) else _text(cell)
    found = dates.parse(text, order)
    if found is None:
        raise TypeFault("invalid_date", f"Must be a date, written as {order}.")
    return found


def _of_choice(kind: FieldType, how: Reading) -> Convert:
    options = getattr(kind, "options", ())
    by_word = {re.sub(r"[\s\-_]+", "_", option).casefold(): option for option in options}

    def convert(cell: Cell) -> Any:
        text = _text(cell).strip()
        return kind.parse(by_word.get(re.sub(r"[\s\-_]+", "_", text).casefold(), text))

    return convert


def _of_list(kind: FieldType, how: Reading) -> Convert:
    pattern = re.compile(re.escape(how.list_separator) if how.list_separator else r"[;,|\n]")

    def convert(cell: Cell) -> Any:
        text = _text(cell)
        if text.startswith('["'):
            # As an export writes words that hold a separator themselves.
            with suppress(orjson.JSONDecodeError):
                return kind.parse(orjson.loads(text))
        return kind.parse([part.strip() for part in pattern.split(text) if part.strip()])

    return convert


def _of_money(kind: FieldType, how: Reading) -> Convert:
    """An amount with its currency, as people write both; as an export writes them, it is JSON."""
    assert isinstance(kind, types.Money)  # noqa: S101 - for the type checker
    decimal = how.column.decimal

    def convert(cell: Cell) -> Any:
        if isinstance(cell, str) and cell.lstrip().startswith("{"):
            with suppress(orjson.JSONDecodeError):
                return _whole_money(kind, orjson.loads(cell))
        amount = plain_number(restored(cell) if isinstance(cell, str) else cell, decimal)
        currency = amount.currency or kind.currency
        if currency is None:
            raise TypeFault("currency_required", "The amount needs its currency, as in 12.50 EUR.")
        return _whole_money(kind, {"amount": amount.text, "currency": currency})

    return convert


def _whole_money(kind: types.Money, given: Any) -> Any:
    try:
        return kind.parse(given)
    except Invalid as refusal:
        raise TypeFault(refusal.errors[0].code, refusal.errors[0].message) from None


def _of_json(kind: FieldType, how: Reading) -> Convert:
    def convert(cell: Cell) -> Any:
        try:
            return kind.parse(orjson.loads(_text(cell)))
        except orjson.JSONDecodeError:
            raise TypeFault("wrong_type", "Must be JSON.") from None

    return convert


_MAKERS: tuple[tuple[Any, Callable[[FieldType, Reading], Convert]], ...] = (
    (types.Phone, _of_phone),
    ((types.DecimalNumber, types.Integer, types.Number), _of_number),
    (types.Boolean, _of_boolean),
    (types.DateTime, _of_datetime),
    (types.Date, _of_date),
    (types.Choice, _of_choice),
    (types.TextList, _of_list),
    (types.Money, _of_money),
    (types.Json, _of_json),
)
