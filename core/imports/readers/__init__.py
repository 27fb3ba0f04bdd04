"""Readers of files of rows. Others are added with `register`; the last one registered is asked first."""

from __future__ import annotations

from typing import IO

from core.imports.errors import UnreadableFile
from core.imports.readers.base import Cell, Fault, Layout, Reader, Row
from core.imports.readers.delimited import Delimited
from core.imports.readers.sheet import text_of
from core.imports.readers.workbook import Workbook

__all__ = ["Cell", "Fault", "Layout", "Reader", "Row", "by_format", "formats", "of_file", "register", "text_of"]

_readers: list[Reader] = [Workbook(), Delimited()]
HEAD = 1 << 16
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def register(reader: Reader) -> None:
    """Add a reader; one of the same format is replaced."""
    _readers[:] = [reader, *(item for item in _readers if item.format != reader.format)]


def formats() -> tuple[str, ...]:
    """The names of the kinds of files that can be read."""
    return tuple(sorted(item.format for item in _readers))


def by_format(name: str) -> Reader:
    """The reader of this kind. Raises UnreadableFile where there is none."""
    for item in _readers:
        if item.format == name:
            return item
    raise UnreadableFile(f"Files of the kind {name[:30]!r} cannot be read.", reason="unknown_format")


def of_file(file: IO[bytes], name: str, wanted: str | None = None, entity: str | None = None) -> Reader:
    """The reader for this file: of those that recognise it, one for `entity` where there is one.

    Raises UnreadableFile where its content is of no known kind.
    """
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    if not head:
        raise UnreadableFile("The file is empty.", reason="empty")
    if wanted:
        return by_format(wanted)
    if head.startswith(_OLD_EXCEL):
        raise UnreadableFile("Is an old or protected Excel workbook: save it as XLSX or CSV.", reason="unknown_format")
    found = [item for item in _readers if item.recognises(head, name)]
    if found:
        return next((item for item in found if entity is not None and item.entity == entity), found[0])
    raise UnreadableFile("The file is neither a text nor a workbook.", reason="unknown_format")
