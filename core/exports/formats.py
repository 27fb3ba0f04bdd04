"""The kinds of files that there are. Apps register writers of those that only they can fill."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from django.utils.module_loading import import_string

from core.errors import Invalid
from core.exports.columns import Column
from core.exports.writers.delimited import DelimitedWriter
from core.exports.writers.lines import LinesWriter
from core.exports.writers.workbook import WorkbookWriter

NAMES = ("csv", "xlsx", "parquet", "jsonl", "vcard", "ics")


class Writer(Protocol):
    """Writes one file. Memory does not grow with the number of rows."""

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Rows of values in wire form, in the order of the columns."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


@dataclass(frozen=True)
class Format:
    """One kind of file. `fixed` names the columns by entity, where a file holds just these and only these entities."""

    name: str
    media_type: str
    extension: str
    writer: Callable[[Path, Sequence[Column], Mapping[str, Any]], Writer]
    fixed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_formats: dict[str, Format] = {}


def register(found: Format) -> None:
    """Add a kind of file, whose name stands in NAMES."""
    if found.name not in NAMES:
        raise ValueError(f"there is no kind of file {found.name!r}")
    _formats[found.name] = found


def of(name: str, entity: str) -> Format:
    """The format for records of this kind. Raises Invalid."""
    found = _formats.get(name)
    if found is None or (found.fixed and entity not in found.fixed):
        raise Invalid.one("/format", "not_offered", f"Records of this kind are not exported as {name}.")
    return found


def _parquet(path: Path, columns: Sequence[Column], options: Mapping[str, Any]) -> Writer:
    """Its engine is loaded where a file is written: web processes never do."""
    made: Writer = import_string("core.exports.writers.parquet.ParquetWriter")(path, columns, options)
    return made


register(Format("csv", "text/csv; charset=utf-8", "csv", DelimitedWriter))
register(Format("jsonl", "application/jsonl", "jsonl", LinesWriter))
register(Format("parquet", "application/vnd.apache.parquet", "parquet", _parquet))
register(Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", WorkbookWriter))
