"""The rows of many lines at once, where nothing is wrong with any of them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import Any

from core.imports.readers.base import Cell, Row
from core.registry.types.base import is_unicode

MOST_COLUMNS = 2_000
# A row of more lines is for a closer look: a quote may be open that was never meant to be.
MOST_LINES = 100


def plain_rows(lines: Sequence[str], before: int, dialect: Mapping[str, Any]) -> list[Row] | None:
    """The rows, blank ones left out; None where any line needs a closer look. `before`: number of the line before."""
    text = "".join(lines)
    if "\x00" in text or not (text.isascii() or _is_sound(text)):
        return None
    rows: list[Row] = []
    reader = csv.reader(lines, **dialect)
    done = 0
    try:
        for found in reader:
            start, done = before + done + 1, reader.line_num
            if len(found) > MOST_COLUMNS or before + done - start >= MOST_LINES:
                return None
            cells: list[Cell] = [cell or None for cell in found] if "" in found else list[Cell](found)
            if not _is_blank(cells):
                rows.append(Row(start, cells))
    except csv.Error:
        return None
    return rows


def _is_sound(text: str) -> bool:
    """Whether all of it was of the encoding as which it was read."""
    return is_unicode(text) and "\ufffd" not in text


def _is_blank(cells: Sequence[Cell]) -> bool:
    if cells and cells[0] is not None and not str(cells[0]).isspace():
        return False
    return all(cell is None or str(cell).isspace() for cell in cells)
