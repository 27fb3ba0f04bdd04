"""What a column holds, from a sample of its cells: kind, decimal mark, order of dates, and what stays open."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from core.imports.detection import dates, numbers, words
from core.imports.readers.base import Cell, Row

EXAMPLES = 5
# A kind is that of a column where nine tenths of its cells fit it: the others are faults, to be told row by row.
ENOUGH = 0.9
_EMAIL = re.compile(r"^[^\s@,;]+@[^\s@,;]+\.[^\s@,;]{2,}$")
_PHONE = re.compile(r"^\+?[\d\s().\-/]{7,20}$")
# Of these only some are days of the calendar; none is a telephone number.
_LIKE_A_DATE = re.compile(r"^(\d{1,2}[./-]\d{1,2}[./-](\d{2}|\d{4})|\d{4}[./-]\d{1,2}[./-]\d{1,2})$")
_URL = re.compile(r"^(https?://|www\.)\S+$", re.IGNORECASE)
_UUID = re.compile(r"^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """One column: its shape (e-mail, phone, url, id, number, date, boolean, text, empty) and how its values are read.

    decimal: "point" or "comma"; date_format: one of `dates.ORDERS`. `open`: what the sample leaves undecided
    ("decimal", "date_format"); a guess stands in its place. `currency`: the only one that its amounts name.
    """

    name: str
    shape: str = "empty"
    decimal: str = numbers.POINT
    date_format: str = dates.YMD
    open: tuple[str, ...] = ()
    currency: str | None = None
    filled: int = 0
    distinct: int = 0
    examples: tuple[str, ...] = ()


@dataclass
class _Tally:
    """What is counted of one column."""

    filled: int = 0
    typed: Counter[str] = field(default_factory=Counter)
    shapes: Counter[str] = field(default_factory=Counter)
    decimals: Counter[str] = field(default_factory=Counter)
    orders: Counter[str] = field(default_factory=Counter)
    days: int = 0
    telling: Counter[str] = field(default_factory=Counter)
    currencies: set[str] = field(default_factory=set)
    seen: dict[str, None] = field(default_factory=dict)


def examine(names: Sequence[str], rows: Iterable[Row]) -> tuple[list[Column], int]:
    """The columns from a sample of rows, and how many rows that was."""
    tallies = [_Tally() for _ in names]
    count = 0
    for row in rows:
        count += 1
        for tally, cell in zip(tallies, row.cells, strict=False):
            if cell is not None and cell != "":
                _count(tally, cell)
    columns = [_column(name, tally) for name, tally in zip(names, tallies, strict=True)]
    return _agreed(columns), count


def _count(tally: _Tally, cell: Cell) -> None:
    tally.filled += 1
    if not isinstance(cell, str):
        tally.typed[_typed(cell)] += 1
        text = str(cell)
    else:
        text = cell.strip()
        _weigh(tally, text)
    if len(tally.seen) < 10_000:
        tally.seen.setdefault(text[:200])


def _typed(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "boolean"
    if isinstance(cell, int | float):
        return "number"
    return "date" if isinstance(cell, datetime | date | time) else "text"


def _weigh(tally: _Tally, text: str) -> None:
    mark = numbers.evidence(text)
    orders = dates.orders_of(text)
    if mark is not None:
        tally.shapes["number"] += 1
        tally.decimals[mark] += 1
        amount = numbers.parse(text, numbers.POINT) or numbers.parse(text, numbers.COMMA)
        if amount is not None and amount.currency:
            tally.currencies.add(amount.currency)
    if orders:
        tally.days += 1
        days = {order: dates.parse_day(text, order) for order in orders}
        for order in orders:
            tally.orders[order] += 1
        if len(set(days.values())) > 1:
            tally.telling["ambiguous"] += 1
    if shape := _form(text):
        tally.shapes[shape] += 1
    if words.boolean(text) is not None:
        tally.shapes["boolean"] += 1


def _form(text: str) -> str | None:
    for shape, pattern in (("email", _EMAIL), ("url", _URL), ("id", _UUID)):
        if pattern.match(text):
            return shape
    if not _PHONE.match(text) or _LIKE_A_DATE.match(text) or sum(mark.isdigit() for mark in text) < 7:
        return None
    return "phone" if text[0] == "+" or not text.isdigit() else None


def _column(name: str, tally: _Tally) -> Column:
    plain: dict[str, Any] = {
        "filled": tally.filled, "distinct": len(tally.seen), "examples": tuple(list(tally.seen)[:EXAMPLES]),
        "currency": next(iter(tally.currencies)) if len(tally.currencies) == 1 else None,
    }  # fmt: skip
    if not tally.filled:
        return Column(name)
    enough = ENOUGH * tally.filled
    date_format, date_open = _order(tally)
    decimal, decimal_open = _decimal(tally)
    plain |= {"date_format": date_format, "decimal": decimal}
    shape = _shape(tally, enough)
    # What is open matters only where the column may be of that kind; a text cell keeps it harmless.
    left = [name for name, is_open in (("date_format", date_open), ("decimal", decimal_open)) if is_open]
    return Column(name, shape, open=tuple(left), **plain)


def _shape(tally: _Tally, enough: float) -> str:
    for kind in ("date", "boolean"):
        if tally.typed[kind] >= enough:
            return kind
    for kind in ("email", "url", "id"):
        if tally.shapes[kind] >= enough:
            return kind
    serial_only = tally.orders[dates.EXCEL] == tally.days
    if tally.days >= enough and not serial_only:
        return "date"
    if tally.shapes["boolean"] >= enough and len(tally.seen) <= 2 and not set(tally.seen) <= {"0", "1"}:
        return "boolean"
    if tally.shapes["phone"] >= enough:
        return "phone"
    if tally.shapes["number"] + tally.typed["number"] >= enough:
        return "number"
    return "text"


def _decimal(tally: _Tally) -> tuple[str, bool]:
    """The mark that more cells prove; open where none does and it matters, or where both are proved."""
    point, comma, unsure = tally.decimals[numbers.POINT], tally.decimals[numbers.COMMA], tally.decimals["?"]
    if point or comma:
        return (numbers.POINT if point >= comma else numbers.COMMA), False
    return numbers.POINT, bool(unsure)


def _order(tally: _Tally) -> tuple[str, bool]:
    """The order in which most cells are dates; open where two do equally and mean different days."""
    if not tally.days:
        return dates.YMD, False
    most = max(tally.orders.values())
    best = [order for order in (dates.YMD, dates.DMY, dates.MDY, dates.EXCEL) if tally.orders[order] == most]
    if dates.YMD in best and len(best) > 1 and tally.telling["ambiguous"]:
        # Years of two digits at the front are the rarest.
        best = [order for order in best if order != dates.YMD] if not _year_first(tally) else [dates.YMD]
    return best[0], len(best) > 1 and bool(tally.telling["ambiguous"])


def _year_first(tally: _Tally) -> bool:
    return all(text[:4].isdigit() for text in list(tally.seen)[:50])


def _agreed(columns: list[Column]) -> list[Column]:
    """What one column leaves open, the others of the file may say: nobody mixes decimal marks on purpose."""
    decided = {column.decimal for column in columns if _proves(column, "decimal")}
    orders = {column.date_format for column in columns if column.shape == "date" and "date_format" not in column.open}
    orders &= {dates.DMY, dates.MDY}
    agreed = []
    for column in columns:
        settled = column
        if "decimal" in column.open and len(decided) == 1:
            settled = _settled(settled, "decimal", next(iter(decided)))
        if "date_format" in column.open and len(orders) == 1:
            settled = _settled(settled, "date_format", next(iter(orders)))
        agreed.append(settled)
    return agreed


def _proves(column: Column, what: str) -> bool:
    if column.shape != "number" or what in column.open:
        return False
    return any(numbers.evidence(text) in (numbers.POINT, numbers.COMMA) for text in column.examples)


def _settled(column: Column, what: str, value: str) -> Column:
    values = {**vars(column), what: value, "open": tuple(item for item in column.open if item != what)}
    return Column(**values)
