"""Many cells of one column at once: most columns are plain, and what is plain need not be looked at cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from core.imports.readers import Cell
from core.registry.types import FieldType, Text, TypeFault


class Mark(Enum):
    """In the place of a value. EMPTY: the cell is. ODD: the row is to be parsed by itself, and tells what is wrong."""

    EMPTY = "empty"
    ODD = "odd"


EMPTY, ODD = Mark.EMPTY, Mark.ODD
Many = Callable[[Sequence[Cell]], list[Any]]


def many(kind: FieldType, convert: Callable[[Cell], Any], *, plain: bool) -> Many:
    """What reads many cells as `convert` reads each of them.

    `plain`: whether nothing but the type has a say in how a text is read.
    """

    def each(cells: Sequence[Cell]) -> list[Any]:
        return [_one(convert, cell) for cell in cells]

    if not (plain and isinstance(kind, Text)):
        return each

    def together(cells: Sequence[Cell]) -> list[Any]:
        filled = [cell for cell in cells if cell is not None]
        if not filled:
            return [EMPTY] * len(cells)
        values = _texts(kind, filled)
        if values is None:
            return each(cells)
        if len(filled) == len(cells):
            return values
        following = iter(values)
        return [EMPTY if cell is None else next(following) for cell in cells]

    return together


def _one(convert: Callable[[Cell], Any], cell: Cell) -> Any:
    if cell is None or (cell.__class__ is str and not cell.strip()):
        return EMPTY
    try:
        return convert(cell)
    except TypeFault:
        return ODD


def _texts(kind: Text, cells: Sequence[Any]) -> list[str] | None:
    """The values of texts, where all of them are plain."""
    try:
        stripped = list(map(str.strip, cells))
    except TypeError:
        # A workbook's numbers and dates.
        return None
    # An apostrophe may be one that keeps a program for spreadsheets from taking the rest for a formula.
    if "" in stripped or "'" in "".join(stripped):
        return None
    return kind.parse_plain(stripped)
