"""The cells of one sheet of a workbook, as a stream."""

# ruff: noqa: DTZ001, DTZ901 - a workbook knows no zones

from __future__ import annotations

import os
import re
import tempfile
from array import array
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Self
from xml.parsers import expat

from core.imports.errors import UnreadableFile
from core.imports.readers.base import Cell, Fault, Row

# As long a text as Excel itself allows in a cell, and some more.
LONGEST = 131_072
MOST_COLUMNS = 16_384
MOST_ROWS = 1_048_576
IN_MEMORY = 50_000
_PLACE = re.compile(r"([A-Z]{1,3})\d*$")
# Excel takes 1900 for a leap year: days before March 1900 are one off, and nobody has any.
_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
_PHONETIC = "rPh"


def refuse_doctype(*_: Any) -> None:
    """No part of a workbook has one; those that have want something else."""
    raise UnreadableFile("The workbook defines entities, which none should.", reason="damaged")


class Strings:
    """The shared texts of a workbook: the first in memory, the others in a temporary file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._near: list[str] = []
        self._places = array("Q")
        self._file: Any = None
        self._end = 0

    def __enter__(self) -> Self:
        parse(self._blocks, _Texts(self._add))
        if self._file is not None:
            self._file.flush()
            self._places.append(self._end)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def get(self, number: int) -> str | None:
        """The text of this number; None where there is none."""
        if 0 <= number < len(self._near):
            return self._near[number]
        number -= len(self._near)
        if self._file is None or not 0 <= number < len(self._places) - 1:
            return None
        start, end = self._places[number], self._places[number + 1]
        return os.pread(self._file.fileno(), end - start, start).decode("utf-8", "surrogatepass")

    def _add(self, text: str) -> None:
        if len(self._near) < IN_MEMORY and self._end + len(text) < (16 << 20):
            self._near.append(text)
            if self._file is None:
                # Counted as if written, so that a few long ones do not fill the memory either.
                self._end += len(text)
            return
        if self._file is None:
            self._file, self._end = tempfile.TemporaryFile(), 0  # noqa: SIM115 - closed with the strings
        raw = text.encode("utf-8", "surrogatepass")
        self._places.append(self._end)
        self._file.write(raw)
        self._end += len(raw)


class _Handler:
    """What `parse` calls."""

    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def text(self, data: str) -> None: ...


def parse(blocks: Iterator[bytes], handler: Any) -> None:
    """Run a part through a handler. Raises UnreadableFile for what is no XML or has entities of its own."""
    for _ in pieces(blocks, handler):
        pass


def pieces(blocks: Iterator[bytes], handler: Any) -> Iterator[None]:
    """The same, a block at a time."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = handler.start, handler.end
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = refuse_doctype
    empty = True
    try:
        for block in blocks:
            empty = False
            parser.Parse(block, False)
            yield
        if not empty:
            parser.Parse(b"", True)
            yield
    except expat.ExpatError as error:
        raise UnreadableFile("A part of the workbook is no valid XML.", reason="damaged") from error


class _Texts(_Handler):
    """Collects the texts of `si` elements; phonetic hints are no part of them."""

    def __init__(self, add: Any) -> None:
        self._add, self._size = add, 0
        self._parts: list[str] = []
        self._inside = self._hint = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "si":
            self._parts, self._size = [], 0
        elif name == _PHONETIC:
            self._hint = True
        elif name == "t":
            self._inside = not self._hint

    def text(self, data: str) -> None:
        if self._inside and self._size <= LONGEST:
            self._parts.append(data)
            self._size += len(data)

    def end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name == "t":
            self._inside = False
        elif name == _PHONETIC:
            self._hint = False
        elif name == "si":
            self._add("".join(self._parts))


class Sheet(_Handler):
    """Turns the XML of a sheet into rows."""

    def __init__(self, strings: Strings, dates: frozenset[int], *, since_1904: bool) -> None:
        self._strings, self._dates = strings, dates
        self._epoch = _EPOCH_1904 if since_1904 else _EPOCH
        self._ready: list[Row] = []
        self._cells: list[Cell] = []
        self._faults: list[Fault] = []
        self._number = self._column = 0
        self._kind, self._style = "n", 0
        self._parts: list[str] = []
        self._size = 0
        self._inside = self._hint = False

    def rows(self, blocks: Iterator[bytes]) -> Iterator[Row]:
        """The rows that have anything in them."""
        for _ in pieces(blocks, self):
            yield from self._ready
            self._ready = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c" or name.endswith(":c"):
            self._begin_cell(attributes)
        elif name in ("v", "t") or name.endswith((":v", ":t")):
            self._inside = not self._hint
        elif name == "row" or name.endswith(":row"):
            number = attributes.get("r", "")
            self._number = int(number) if number.isdigit() and len(number) < 9 else self._number + 1
            if self._number > MOST_ROWS:
                raise UnreadableFile(f"A sheet has at most {MOST_ROWS:,} rows.", reason="damaged")
            self._cells, self._faults, self._column = [], [], -1
        elif name.endswith(_PHONETIC):
            self._hint = True

    def text(self, data: str) -> None:
        if self._inside and self._size <= LONGEST:
            self._parts.append(data)
            self._size += len(data)

    def end(self, name: str) -> None:
        if name == "c" or name.endswith(":c"):
            self._end_cell()
        elif name in ("v", "t") or name.endswith((":v", ":t")):
            self._inside = False
        elif name == "row" or name.endswith(":row"):
            if self._faults or any(cell is not None for cell in self._cells):
                self._ready.append(Row(self._number, self._cells, tuple(self._faults)))
            self._cells = []
        elif name.endswith(_PHONETIC):
            self._hint = False

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        place = _PLACE.match(attributes.get("r", ""))
        self._column = _column(place.group(1)) if place else self._column + 1
        self._kind = attributes.get("t", "n")
        style = attributes.get("s", "0")
        self._style = int(style) if style.isdigit() and len(style) < 9 else 0
        self._parts, self._size = [], 0

    def _end_cell(self) -> None:
        if not self._parts:
            return
        if self._column >= MOST_COLUMNS:
            raise UnreadableFile(f"A sheet has at most {MOST_COLUMNS:,} columns.", reason="damaged")
        missing = self._column - len(self._cells)
        if missing > 0:
            self._cells.extend([None] * missing)
        value = self._value("".join(self._parts))
        if missing < 0:
            self._cells[self._column] = value
        else:
            self._cells.append(value)

    def _value(self, text: str) -> Cell:
        if self._size > LONGEST:
            self._fault("cell_too_long", f"The cell has more than {LONGEST:,} characters.")
            return text[:2000]
        match self._kind:
            case "s":
                found = self._strings.get(int(text)) if text.strip().isdigit() and len(text) < 12 else None
                if found is None:
                    self._fault("damaged_cell", "The cell's text is missing from the workbook.")
                return found or None
            case "n":
                return self._amount(text)
            case "b":
                return text.strip() in ("1", "true")
            case "e":
                self._fault("formula_error", f"The cell holds the error {text[:20]}.")
                return text
            case "d":
                return text
            case _:
                return text or None

    def _amount(self, text: str) -> Cell:
        try:
            number = float(text)
        except ValueError:
            self._fault("damaged_cell", "The cell should hold a number.")
            return text[:2000]
        if self._style in self._dates:
            return self._moment(number)
        if number.is_integer() and abs(number) < 1e15:
            return int(number)
        return number

    def _moment(self, number: float) -> Cell:
        if 0 <= number < 1:
            return (datetime.min + timedelta(seconds=round(number * 86_400))).time()
        try:
            # Rounded to milliseconds: days as floating-point numbers hold no more.
            return self._epoch + timedelta(milliseconds=round(number * 86_400_000))
        except OverflowError:
            self._fault("invalid_date", "The cell holds no date of the calendar.")
            return None

    def _fault(self, code: str, message: str) -> None:
        self._faults.append(Fault(code, message, self._column))


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def text_of(cell: Cell) -> str | None:
    """The cell as text, as it would stand in a CSV file."""
    match cell:
        case None:
            return None
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case int():
            return str(cell)
        case float():
            return repr(cell) if abs(cell) < 1e15 else format(cell, ".15g")
        case datetime():
            at_midnight = cell.time() == time()
            return cell.date().isoformat() if at_midnight else cell.isoformat(sep=" ", timespec="seconds")
        case date() | time():
            return cell.isoformat()
