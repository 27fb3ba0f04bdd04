"""What a reader of files is: it finds out how a file is laid out, and gives its rows one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import IO, Any, NamedTuple, Protocol

from core.imports.errors import UnreadableFile

# What a cell holds: text as it stands in the file, or what a workbook says it is. Empty cells are None.
Cell = str | int | float | bool | datetime | date | time | None


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with one row, or with one cell of it (`column` counts from 0)."""

    code: str
    message: str
    column: int | None = None


class Row(NamedTuple):
    """One row. `number` is the line (of a text) or row (of a sheet) where it begins, counted from 1."""

    number: int
    cells: list[Cell]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Layout:
    """How a file is read: what was found out, with what the user says instead.

    `settings` belong to the reader (encoding, separator, quote, sheet...) and can be given back to it as options.
    `columns` are the names of the columns, each once. `first` is the number of the first row of data.
    `notices` say what was found or changed, for people.
    """

    format: str
    columns: tuple[str, ...]
    first: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


class Reader(Protocol):
    """Reads one kind of file. Register an instance with `readers.register`.

    format: the name of the kind ("csv"). entity: the only kind of record that such a file holds, if it is bound to one.
    settings: the names of the options it understands.
    """

    format: str
    entity: str | None
    settings: frozenset[str]

    def recognises(self, head: bytes, name: str) -> bool:
        """Whether a file that begins with these bytes, of this name, is for this reader."""
        ...

    def inspect(self, file: IO[bytes], options: Mapping[str, Any]) -> Layout:
        """Find out the layout; what the user says in `options` counts more. Raises UnreadableFile, FileTooComplex."""
        ...

    def rows(self, file: IO[bytes], layout: Layout) -> Iterator[Row]:
        """All rows of data in their order, blank ones left out. Memory does not grow with the file.

        Raises UnreadableFile, FileTooComplex; faults of single rows come with the rows.
        """
        ...

    def sample(self, file: IO[bytes], layout: Layout) -> Iterator[Row]:
        """Some rows, as evidence of what the columns hold; from all parts of the file where that is cheap."""
        ...


def named(header: list[Cell], width: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of `width` columns from the cells of a header, each made unique, and what had to be changed."""
    names: list[str] = []
    notices: list[str] = []
    taken: set[str] = set()
    for index in range(width):
        cell = header[index] if index < len(header) else None
        given = " ".join(str(cell).split())[:200] if cell is not None else ""
        base = given or f"Column {index + 1}"
        name, number = base, 1
        while name.casefold() in taken:
            number += 1
            name = f"{base} ({number})"
        taken.add(name.casefold())
        names.append(name)
        if not given:
            notices.append(f"Column {index + 1} has no name in the header: it is called {name!r}.")
        elif name != given:
            notices.append(f"The name {given!r} occurs twice in the header: column {index + 1} is called {name!r}.")
    return tuple(names), tuple(notices)


def numbered(width: int) -> tuple[str, ...]:
    """The names of the columns of a file without a header."""
    return tuple(f"Column {index + 1}" for index in range(width))


def fitted(cells: list[Cell], width: int, *, fill_short: bool) -> tuple[list[Cell], tuple[Fault, ...]]:
    """A row of just `width` cells, and what is wrong with one that has more or fewer; empty ones are no matter."""
    if len(cells) == width:
        return cells, ()
    if len(cells) < width:
        padded = cells + [None] * (width - len(cells))
        if fill_short:
            return padded, ()
        return padded, (Fault("too_few_cells", f"The row has {len(cells)} cells, the header {width}."),)
    if all(cell is None or cell == "" for cell in cells[width:]):
        return cells[:width], ()
    return cells, (Fault("too_many_cells", f"The row has {len(cells)} cells, the header {width}."),)


def looks_like_header(first: list[Cell], others: list[list[Cell]]) -> bool:
    """Whether a row names columns: texts all of them, no two alike, none a number, and other than what is below."""
    texts = [str(cell).strip() for cell in first if cell not in (None, "")]
    if not texts or not all(isinstance(cell, str) for cell in first if cell is not None):
        return False
    if any(any(mark.isdigit() for mark in text) and _is_value(text) for text in texts) or any("@" in t for t in texts):
        return False
    lowered = [text.casefold() for text in texts]
    if len(set(lowered)) < len(lowered) and not others:
        return False
    below = {str(cell).strip().casefold() for row in others for cell in row if cell not in (None, "")}
    repeated = sum(1 for text in lowered if text in below)
    return repeated * 2 <= len(texts)


def _is_value(text: str) -> bool:
    """Whether it is a number, an amount or a date rather than a name such as "Address 2"."""
    digits = sum(mark.isdigit() for mark in text)
    letters = sum(mark.isalpha() for mark in text)
    return digits > letters


def refuse_empty(found: bool) -> None:
    """Raise UnreadableFile where a file has nothing in it."""
    if not found:
        raise UnreadableFile("The file is empty.", reason="empty")
