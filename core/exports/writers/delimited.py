"""CSV (RFC 4180) in UTF-8."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.exports.columns import Column
from core.exports.writers.cells import text_cell


class DelimitedWriter:
    """Lines end with CR LF; a cell is quoted where it must be."""

    def __init__(self, path: Path, columns: Sequence[Column], options: Mapping[str, Any]) -> None:
        self._file = path.open("w", encoding="utf-8-sig" if options["bom"] else "utf-8", newline="")
        self._csv = csv.writer(self._file, delimiter=options["separator"], lineterminator="\r\n")
        self._cells = [text_cell(column, options) for column in columns]
        if options["header"]:
            self._csv.writerow([column.name for column in columns])

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        cells = self._cells
        self._csv.writerows([cell(value) for cell, value in zip(cells, row, strict=True)] for row in rows)

    def close(self) -> None:
        self._file.close()
