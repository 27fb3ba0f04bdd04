"""XLSX. Rows go to disk as they come; more than a sheet holds goes on in the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from core.errors import TooLarge
from core.exports.columns import Column
from core.exports.writers.cells import is_number, text_cell

# The limits of the format: Microsoft, "Excel specifications and limits".
MOST_ROWS = 1_048_576
MOST_CHARACTERS = 32_767
# A number in a sheet is a double: more digits would be changed.
_EXACT_DIGITS = 15


class CellTooLong(TooLarge):
    title = "A text is longer than a cell of a workbook may be (32,767 characters): choose another format."


class WorkbookWriter:
    """Numbers are numbers where a double holds them exactly; dates and times are text in ISO 8601."""

    def __init__(self, path: Path, columns: Sequence[Column], options: Mapping[str, Any]) -> None:
        settings = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
                    "strings_to_numbers": False, "tmpdir": str(path.parent)}  # fmt: skip
        self._book = xlsxwriter.Workbook(str(path), settings)
        self._bold = self._book.add_format({"bold": True})
        self._columns = columns
        self._header = options["header"]
        numbers = {**options, "decimal": "."}
        self._cells = [(is_number(column), text_cell(column, numbers)) for column in columns]
        self._begin_sheet()

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        for row in rows:
            if self._next == MOST_ROWS:
                self._begin_sheet()
            for index, value in enumerate(row):
                if value is not None:
                    self._write(index, value)
            self._next += 1

    def _begin_sheet(self) -> None:
        self._sheet = self._book.add_worksheet()
        self._next = 0
        if self._header:
            for index, column in enumerate(self._columns):
                self._sheet.write_string(0, index, column.name, self._bold)
            self._next = 1

    def _write(self, index: int, value: Any) -> None:
        numeric, text_of = self._cells[index]
        if isinstance(value, bool):
            self._sheet.write_boolean(self._next, index, value)
            return
        text = text_of(value)
        if numeric and len(Decimal(text).as_tuple().digits) <= _EXACT_DIGITS:
            self._sheet.write_number(self._next, index, float(text))
        elif len(text) > MOST_CHARACTERS:
            raise CellTooLong(column=self._columns[index].name)
        else:
            self._sheet.write_string(self._next, index, text)

    def close(self) -> None:
        self._book.close()
