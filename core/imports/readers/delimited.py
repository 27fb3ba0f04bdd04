"""Tables as text: comma, semicolon, tab or bar between the cells (RFC 4180 and its relatives)."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import IO, Any

from core.imports.errors import UnreadableFile
from core.imports.readers import encoding as encodings
from core.imports.readers import punctuation
from core.imports.readers.base import (
    Cell,
    Fault,
    Layout,
    Row,
    fitted,
    looks_like_header,
    named,
    numbered,
    refuse_empty,
)
from core.imports.readers.blocks import MOST_COLUMNS, plain_rows
from core.imports.readers.lines import LONGEST, Lines

FIRST_ROWS = 2_000
BLOCKS, BLOCK = 40, 1 << 15
# After so many rows with an open quote nobody looks for its end on other lines any more: it would take for ever.
PATIENCE = 200
LONGEST_ROW = 2_000


class Delimited:
    """The reader of CSV and its relatives."""

    format = "csv"
    entity: str | None = None
    settings = frozenset({"encoding", "separator", "quote", "header", "skip_rows", "short_rows", "stray_bytes"})

    def recognises(self, head: bytes, name: str) -> bool:
        """Any text; other readers are asked before this one."""
        return b"\x00\x00\x00" not in head[:64]

    def inspect(self, file: IO[bytes], options: Mapping[str, Any]) -> Layout:
        """The layout from the first rows, and the encoding from all of the file."""
        notices: list[str] = []
        given = options.get("encoding")
        if given:
            encoding = encodings.known(given)
        else:
            found = encodings.detect(file)
            encoding = found.name
            notices.append(found.notice)
        skip = _whole(options.get("skip_rows"), "skip_rows")
        head = punctuation.head_of(file, encoding)
        told = punctuation.told(head)
        separator = punctuation.named(options.get("separator")) or told or punctuation.guess(head)
        quote = options.get("quote", None)
        if quote is None:
            quote = punctuation.guess_quote(head, separator)
        elif quote not in punctuation.QUOTES:
            raise UnreadableFile("The quote must be \", ' or empty.", reason="bad_option")
        skip += 1 if told and not skip else 0
        settings = {
            "encoding": encoding, "separator": separator, "quote": quote, "skip_rows": skip,
            "short_rows": options.get("short_rows") or "error", "stray_bytes": options.get("stray_bytes") or "error",
        }  # fmt: skip
        notices.append(f"The separator is {punctuation.spoken(separator)}, the quote {quote or 'none'}.")
        rows = [row for _, row in zip(range(50), self._all(file, settings), strict=False)]
        refuse_empty(bool(rows))
        return _laid_out(rows, settings, options.get("header"), notices)

    def rows(self, file: IO[bytes], layout: Layout) -> Iterator[Row]:
        """All rows below the header."""
        width, fill = len(layout.columns), layout.settings["short_rows"] == "fill"
        for row in self._all(file, layout.settings):
            if row.number < layout.first:
                continue
            if len(row.cells) == width:
                yield row
                continue
            cells, ragged = fitted(row.cells, width, fill_short=fill)
            yield Row(row.number, cells, row.faults or ragged)

    def sample(self, file: IO[bytes], layout: Layout) -> Iterator[Row]:
        """The first rows, then a few from places all over the file."""
        last = 0
        for count, row in enumerate(self.rows(file, layout)):
            if count >= FIRST_ROWS:
                break
            last = row.number
            if not row.faults:
                yield row
        else:
            return
        yield from _spread(file, layout, last)

    def _all(self, file: IO[bytes], settings: Mapping[str, Any]) -> Iterator[Row]:
        lines = Lines(file, settings["encoding"])
        try:
            yield from _records(lines, settings)
        finally:
            lines.detach()


def _records(lines: Lines, settings: Mapping[str, Any]) -> Iterator[Row]:
    """The rows of a text, the header among them. A row that cannot be read ends with its first line."""
    dialect = punctuation.dialect(settings["separator"], settings["quote"])
    patience = PATIENCE
    while True:
        while block := lines.block():
            start = lines.number - len(block)
            rows = plain_rows(block, start, dialect) if start >= settings["skip_rows"] else None
            if rows is None:
                lines.give_back(block)
                break
            yield from rows
        # A closer look at each row, as long as there is something left of the block.
        reader = csv.reader(lines, **dialect)
        while True:
            start = lines.begin(LONGEST_ROW if patience > 0 else 1)
            cells, faults = _next(reader, lines, settings)
            if cells is None:
                return
            patience -= _OPEN in faults
            if start > settings["skip_rows"]:
                cells, faults = _examined(cells, lines.taken, faults, settings["stray_bytes"])
                if cells or faults:
                    yield Row(start, cells, faults)
            if not lines.waiting:
                break


def _next(reader: Any, lines: Lines, settings: Mapping[str, Any]) -> tuple[list[Cell] | None, tuple[Fault, ...]]:
    """The cells of the next row and what is wrong with it; None at the end."""
    try:
        cells: list[Cell] = [cell or None for cell in next(reader)]
    except StopIteration:
        return (_torn(lines, settings), (_OPEN,)) if lines.taken else (None, ())
    except csv.Error as error:
        return (_torn(lines, settings), (_refusal(error),)) if lines.taken else (None, ())
    if lines.too_long:
        return cells, (Fault("line_too_long", f"The line has more than {LONGEST:,} characters."),)
    if len(cells) > MOST_COLUMNS:
        return cells[:MOST_COLUMNS], (Fault("too_many_cells", f"The row has {len(cells)} cells."),)
    return cells, ()


def _examined(
    cells: list[Cell], taken: list[str], faults: tuple[Fault, ...], stray: str
) -> tuple[list[Cell], tuple[Fault, ...]]:
    """Cells without what is no text, and the faults that this makes; no cells where all of them are blank."""
    if not any(cells) or all(cell is None or not str(cell).strip() for cell in cells):
        return ([], faults) if not faults else (cells, faults)
    if all(line.isascii() for line in taken):
        if any("\x00" in line for line in taken):
            faults += _nul(cells)
        return cells, faults
    found = []
    for index, cell in enumerate(cells):
        if isinstance(cell, str) and not cell.isascii():
            text, fault = _clean(cell, index, stray)
            cells[index] = text
            if fault:
                found.append(fault)
    if any("\x00" in line for line in taken):
        found += _nul(cells)
    return cells, (*faults, *found)


def _nul(cells: list[Cell]) -> tuple[Fault, ...]:
    return tuple(
        Fault("nul_character", "Must not contain NUL characters.", index)
        for index, cell in enumerate(cells)
        if isinstance(cell, str) and "\x00" in cell
    )


def _clean(cell: str, index: int, stray: str) -> tuple[str, Fault | None]:
    """Bytes that do not belong to the encoding are shown as what they most likely are, and never taken for granted."""
    if "\ufffd" in cell:
        return cell, Fault("invalid_encoding", "Holds bytes that are not of the file's encoding.", index)
    try:
        raw = cell.encode("utf-8", "strict")
    except UnicodeEncodeError:
        raw = cell.encode("utf-8", "surrogateescape")
    else:
        return cell, None
    name = "cp1252" if stray == "error" else stray
    text = raw.decode(name, "replace")
    if stray != "error":
        return text, None
    message = f"Holds bytes that are not of the file's encoding; read as cp1252 they would be {text[:50]!r}."
    return text, Fault("invalid_encoding", message, index)


_OPEN = Fault("open_quote", "A quote is opened and not closed.")


def _refusal(error: csv.Error) -> Fault:
    text = str(error)
    if "field larger" in text:
        return Fault("cell_too_long", f"A cell has more than {csv.field_size_limit():,} characters.")
    if "unexpected end" in text:
        return _OPEN
    return Fault("bad_quoting", "A quote stands where none may: double it inside of a quoted cell.")


def _torn(lines: Lines, settings: Mapping[str, Any]) -> list[Cell]:
    """The cells of a row that cannot be read, as well as they can be told; the lines after its first are read again."""
    first = lines.put_back().rstrip("\r\n")[:2000]
    cells: list[Cell] = [part or None for part in first.split(settings["separator"])]
    return cells[:MOST_COLUMNS]


def _laid_out(rows: list[Row], settings: dict[str, Any], header: Any, notices: list[str]) -> Layout:
    first = rows[0]
    if header is None:
        header = looks_like_header(first.cells, [row.cells for row in rows[1:]])
        notices.append("The first row names the columns." if header else "There is no header: the first row is data.")
    if header:
        width = len(first.cells)
        while (
            width > 1
            and first.cells[width - 1] is None
            and all(len(row.cells) < width or row.cells[width - 1] is None for row in rows)
        ):
            width -= 1
        columns, changed = named(first.cells, width)
        start = rows[1].number if len(rows) > 1 else first.number + 1
        return Layout("csv", columns, start, settings | {"header": True}, (*notices, *changed))
    width = max(Counter(len(row.cells) for row in rows).items(), key=lambda item: (item[1], item[0]))[0]
    return Layout("csv", numbered(width), first.number, settings | {"header": False}, tuple(notices))


def _spread(file: IO[bytes], layout: Layout, after: int) -> Iterator[Row]:
    """Rows of the right width from blocks at equal distances; one that begins inside of a cell gives few or none."""
    encoding, width = layout.settings["encoding"].removesuffix("-sig"), len(layout.columns)
    encoding = "utf-16-le" if encoding == "utf-16" else encoding
    size = file.seek(0, 2)
    step = max(size // BLOCKS, BLOCK)
    for place in range(step, size, step):
        file.seek(place - place % 4)
        text = file.read(BLOCK).decode(encoding, "replace")
        inner = text.partition("\n")[2].rpartition("\n")[0]
        for cells in punctuation.parsed(inner, layout.settings["separator"], layout.settings["quote"], 100):
            if len(cells) == width and any(cells):
                yield Row(after, [*(cell or None for cell in cells)])


def _whole(value: Any, name: str) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1000:
        raise UnreadableFile(f"{name} must be a whole number from 0 to 1000.", reason="bad_option")
    return value
