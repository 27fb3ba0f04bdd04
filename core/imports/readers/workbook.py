"""Workbooks (XLSX, Office Open XML, ECMA-376), read as a stream: a sheet of a million rows takes no more memory."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from posixpath import normpath
from typing import IO, Any
from xml.parsers import expat

from core.imports.errors import UnreadableFile
from core.imports.readers import archive as archives
from core.imports.readers.base import Layout, Row, fitted, looks_like_header, named, numbered, refuse_empty
from core.imports.readers.sheet import Sheet, Strings, refuse_doctype

FIRST_ROWS = 5_000
_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_DATE_FORMAT = re.compile(r"[dmyhs]", re.IGNORECASE)
# What is in quotes, in brackets (colours, conditions) or escaped says nothing of the kind of value.
_NO_FORMAT = re.compile(r'"[^"]*"|\[(?!h|m|s)[^\]]*\]|\\.|_.|\*.', re.IGNORECASE)
MOST_SMALL = 8 << 20


@dataclass(frozen=True)
class _Book:
    """What is known of a workbook: its sheets (name and part), which styles are dates, and from when days count."""

    sheets: tuple[tuple[str, str], ...]
    dates: frozenset[int]
    since_1904: bool


class Workbook:
    """The reader of XLSX."""

    format = "xlsx"
    entity: str | None = None
    settings = frozenset({"sheet", "header", "skip_rows", "short_rows"})

    def recognises(self, head: bytes, name: str) -> bool:
        return head.startswith(b"PK\x03\x04")

    def inspect(self, file: IO[bytes], options: Mapping[str, Any]) -> Layout:
        """The layout from the sheet's first rows."""
        with archives.opened_zip(file) as archive:
            book = _book(archive)
            sheet = _chosen(book, options.get("sheet"))
            skip = _whole(options.get("skip_rows"))
            settings = {"sheet": sheet, "skip_rows": skip, "short_rows": "fill"}
            notices = [_told(sheet, [name for name, _ in book.sheets if name != sheet])]
            rows = [row for _, row in zip(range(50), _rows(archive, book, sheet, skip), strict=False)]
        refuse_empty(bool(rows))
        header = options.get("header")
        if header is None:
            header = looks_like_header(rows[0].cells, [row.cells for row in rows[1:]])
            notices.append(
                "The first row names the columns." if header else "There is no header: the first row is data."
            )
        settings["header"] = bool(header)
        if header:
            columns, changed = named(rows[0].cells, max(len(rows[0].cells), 1))
            first = rows[1].number if len(rows) > 1 else rows[0].number + 1
            return Layout("xlsx", columns, first, settings, (*notices, *changed))
        width = max(len(row.cells) for row in rows)
        return Layout("xlsx", numbered(width), rows[0].number, settings, tuple(notices))

    def rows(self, file: IO[bytes], layout: Layout) -> Iterator[Row]:
        """All rows below the header."""
        width = len(layout.columns)
        with archives.opened_zip(file) as archive:
            for row in _rows(archive, _book(archive), layout.settings["sheet"], layout.settings["skip_rows"]):
                if row.number < layout.first:
                    continue
                cells, ragged = fitted(row.cells, width, fill_short=True)
                yield Row(row.number, cells, row.faults or ragged)

    def sample(self, file: IO[bytes], layout: Layout) -> Iterator[Row]:
        """The first rows: a sheet cannot be read from its middle."""
        for _, row in zip(range(FIRST_ROWS), self.rows(file, layout), strict=False):
            if not row.faults:
                yield row


def _rows(archive: zipfile.ZipFile, book: _Book, name: str, skip: int) -> Iterator[Row]:
    part = dict(book.sheets).get(name)
    if part is None:
        raise UnreadableFile(f"There is no sheet {name!r}.", reason="no_such_sheet")
    with Strings(_shared(archive)) as strings:
        sheet = Sheet(strings, book.dates, since_1904=book.since_1904)
        for row in sheet.rows(archives.blocks(archive, part)):
            if row.number > skip:
                yield row


def _shared(archive: zipfile.ZipFile) -> Iterator[bytes]:
    names = {entry.casefold(): entry for entry in archive.namelist()}
    found = names.get("xl/sharedstrings.xml")
    return archives.blocks(archive, found) if found else iter(())


def _told(sheet: str, others: list[str]) -> str:
    if not others:
        return f"The sheet is {sheet!r}."
    listed = ", ".join(map(repr, others[:10])) + (", ..." if len(others) > 10 else "")
    return f"The sheet is {sheet!r}; there {'is' if len(others) == 1 else 'are'} also {listed}."


def _book(archive: zipfile.ZipFile) -> _Book:
    if "xl/workbook.xml" not in archive.namelist():
        text = "The file is a ZIP archive but no XLSX workbook."
        raise UnreadableFile(text, reason="no_workbook")
    targets = {
        tag["Id"]: tag.get("Target", "")
        for name, tag in _tags(archive, "xl/_rels/workbook.xml.rels")
        if name == "Relationship" and "Id" in tag
    }
    sheets, since_1904 = [], False
    for name, tag in _tags(archive, "xl/workbook.xml"):
        if name == "sheet":
            target = targets.get(tag.get("r:id") or tag.get("id") or "", "")
            part = target.lstrip("/") if target.startswith("/") else normpath(f"xl/{target}")
            if part in archive.namelist() and "worksheet" in part:
                sheets.append((tag.get("name", ""), part))
        elif name == "workbookPr":
            since_1904 = tag.get("date1904") in ("1", "true")
    if not sheets:
        raise UnreadableFile("The workbook has no sheet of cells.", reason="no_sheet")
    return _Book(tuple(sheets), _date_styles(archive), since_1904)


def _date_styles(archive: zipfile.ZipFile) -> frozenset[int]:
    """The numbers of the cell styles that show a number as a date or a time."""
    if "xl/styles.xml" not in archive.namelist():
        return frozenset()
    own: dict[str, str] = {}
    found, inside, number = set(), False, 0
    for name, tag in _tags(archive, "xl/styles.xml"):
        if name == "numFmt":
            own[tag.get("numFmtId", "")] = tag.get("formatCode", "")
        elif name in ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
            inside = name == "cellXfs"
        elif name == "xf" and inside:
            kind = tag.get("numFmtId", "0")
            code = own.get(kind)
            if (code is None and kind.isdigit() and int(kind) in _DATES) or (
                code is not None and _DATE_FORMAT.search(_NO_FORMAT.sub("", code.split(";")[0]))
            ):
                found.add(number)
            number += 1
    return frozenset(found)


def _tags(archive: zipfile.ZipFile, part: str) -> list[tuple[str, dict[str, str]]]:
    """The elements of a small part in their order, with their attributes."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append((name.rpartition(":")[2], attributes))

    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse_doctype
    size = 0
    try:
        for block in archives.blocks(archive, part):
            size += len(block)
            if size > MOST_SMALL:
                raise UnreadableFile(f"The part {part!r} is larger than it may be.", reason="damaged")
            parser.Parse(block, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise UnreadableFile(f"The part {part!r} is no valid XML.", reason="damaged") from error
    return found


def _chosen(book: _Book, wanted: Any) -> str:
    names = [name for name, _ in book.sheets]
    if wanted is None:
        return names[0]
    if str(wanted) in names:
        return str(wanted)
    raise UnreadableFile(f"There is no such sheet; there are: {', '.join(names)[:300]}.", reason="no_such_sheet")


def _whole(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1000:
        raise UnreadableFile("skip_rows must be a whole number from 0 to 1000.", reason="bad_option")
    return value
