"""Parquet with typed columns: decimals exact, moments in UTC. DuckDB writes it, within limits, from a file of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import orjson

from core.exports.columns import Column
from core.registry import types
from core.registry.types import FieldType

_MEMORY = "256MB"
# A line may hold several texts of the longest kind.
_LONGEST_LINE = 64 * 1024 * 1024
_GROUP = 50_000


class ParquetWriter:
    """Rows are kept as text on disk until the end. Null and empty text stay two things."""

    def __init__(self, path: Path, columns: Sequence[Column], options: Mapping[str, Any]) -> None:
        self._path = path
        self._columns = columns
        self._texts = path.with_suffix(".texts")
        self._file = self._texts.open("w", encoding="utf-8", newline="")

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        self._file.writelines(",".join(map(_quoted, row)) + "\n" for row in rows)

    def close(self) -> None:
        self._file.close()
        names = [f"c{index}" for index, _ in enumerate(self._columns)]
        texts = "{" + ", ".join(f"'{name}': 'VARCHAR'" for name in names) + "}"
        typed = ", ".join(
            f"{_typed(column.type, name)} AS {_identifier(column.name)}"
            for name, column in zip(names, self._columns, strict=True)
        )
        with duckdb.connect(":memory:", config=_limits(self._path.parent)) as duck:
            duck.execute("SET TimeZone = 'UTC'")
            duck.execute(
                f"COPY (SELECT {typed} FROM read_csv({_literal(self._texts)}, columns = {texts}, header = false, "  # noqa: S608 - names are quoted
                f"""delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false, """
                f"auto_detect = false, parallel = false, max_line_size = {_LONGEST_LINE}, "
                f"buffer_size = {2 * _LONGEST_LINE})) "
                f"TO {_literal(self._path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_GROUP})"
            )
        self._texts.unlink()


def _quoted(value: Any) -> str:
    if value is None:
        return ""
    if value.__class__ is not str:
        value = orjson.dumps(value).decode()
    text: str = value.replace('"', '""')
    return f'"{text}"'


def _typed(kind: FieldType, name: str) -> str:
    match kind:
        case types.TextList():
            return f"json_extract_string({name}, '$[*]')"
        case types.DecimalNumber():
            return f"CAST({name} AS DECIMAL({min(kind.max_digits, 38)}, {kind.places}))"
        case types.Integer():
            return f"CAST({name} AS BIGINT)"
        case types.Number():
            return f"CAST({name} AS DOUBLE)"
        case types.Boolean():
            return f"CAST({name} AS BOOLEAN)"
        case types.DateTime():
            return f"CAST({name} AS TIMESTAMPTZ)"
        case types.Date():
            return f"CAST({name} AS DATE)"
        case _:
            return name


def _limits(scratch: Path) -> dict[str, Any]:
    return {
        "memory_limit": _MEMORY,
        "threads": 1,
        "temp_directory": str(scratch),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
    }


def _literal(value: Path) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
