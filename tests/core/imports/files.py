"""Files to be imported, made on the spot."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import IO, Any

import xlsxwriter

from core.imports import readers
from core.imports.readers import Layout, Row


def read(content: bytes, name: str = "a.csv", **options: Any) -> tuple[Layout, list[Row]]:
    """The layout and all rows of a file."""
    file: IO[bytes] = io.BytesIO(content)
    reader = readers.of_file(file, name, options.pop("format", None))
    layout = reader.inspect(file, options)
    return layout, list(reader.rows(file, layout))


def workbook(rows: Sequence[Sequence[Any]], *, sheets: Sequence[str] = ("Data",)) -> bytes:
    """An XLSX file with the rows in its first sheet."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
    for index, title in enumerate(sheets):
        sheet = book.add_worksheet(title)
        for number, row in enumerate(rows if index == 0 else [["other"], [title]]):
            for place, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(number, place, cell, moment)
                else:
                    sheet.write(number, place, cell)
    book.close()
    return target.getvalue()


def repacked(content: bytes, parts: Mapping[str, bytes | None]) -> bytes:
    """A workbook with some of its parts exchanged, added or taken out."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename not in parts:
                new.writestr(entry.filename, old.read(entry))
        for name, data in parts.items():
            if data is not None:
                new.writestr(name, data)
    return target.getvalue()
