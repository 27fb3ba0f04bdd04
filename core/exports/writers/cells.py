"""Values in wire form as texts of cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from core.exports.columns import Column
from core.formulas import neutralised
from core.registry import types

Cell = Callable[[Any], Any]
# Where one of these stands in a word, the list is written as JSON.
_BETWEEN = re.compile(r"[;,|\n\r\[]")
# What cannot be a formula, whatever it begins with: +32 and digits, a date, an id.
_PLAIN = (types.Id, types.Date, types.DateTime, types.Phone)
_NUMBERS = (types.Integer, types.DecimalNumber, types.Number)


def is_number(column: Column) -> bool:
    """Whether the cells of the column are numbers."""
    return isinstance(column.type, _NUMBERS)


def text_cell(column: Column, options: Mapping[str, Any]) -> Cell:
    """The function that makes texts of this column's values; "" is nothing."""
    if is_number(column):
        return _number(options["decimal"])
    if isinstance(column.type, types.Boolean):
        return lambda value: "" if value is None else "true" if value else "false"
    if isinstance(column.type, _PLAIN):
        return lambda value: "" if value is None else value
    harmless = neutralised if options["neutralise"] else str
    return lambda value: "" if value is None else harmless(value if value.__class__ is str else _joined(value))


def _number(decimal: str) -> Cell:
    if decimal == ".":
        return lambda value: "" if value is None else str(value)
    return lambda value: "" if value is None else str(value).replace(".", decimal)


def _joined(value: Any) -> str:
    """A list of plain words as "one; two"; anything else as JSON."""
    if isinstance(value, list) and all(isinstance(item, str) and not _BETWEEN.search(item) for item in value):
        return "; ".join(value)
    return orjson.dumps(value).decode()
