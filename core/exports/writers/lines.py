"""JSON lines: one object per record, with the values as the APIs give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from core.exports.columns import Column


class LinesWriter:
    """Keys are the names of the columns."""

    def __init__(self, path: Path, columns: Sequence[Column], options: Mapping[str, Any]) -> None:
        self._file = path.open("wb")
        self._names = [column.name for column in columns]

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        names = self._names
        self._file.writelines(
            orjson.dumps(dict(zip(names, row, strict=True)), option=orjson.OPT_APPEND_NEWLINE) for row in rows
        )

    def close(self) -> None:
        self._file.close()
