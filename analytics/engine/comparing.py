"""Two computations' tables of all contacts beside each other."""

# ruff: noqa: S608 - the SQL is made of names of columns that we wrote, never of input

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from analytics import steps
from analytics.engine import results
from analytics.engine.duck import connected, quoted
from analytics.lake import files

_NUMBERS = ("INTEGER", "BIGINT", "DOUBLE", "DECIMAL")


def compare(step: str, first: str, second: str) -> dict[str, Any] | None:
    """Rows added, removed and changed from the one to the other, and by column; None where a file is not kept."""
    paths = [results.root() / name / f"{step}.parquet" for name in (first, second)]
    if not all(path.exists() for path in paths):
        return None
    with files.scratch() as scratch, connected(scratch) as duck:
        return _compare(duck, steps.get(step).key, *paths)


def _compare(duck: duckdb.DuckDBPyConnection, key: tuple[str, ...], old: Path, new: Path) -> dict[str, Any]:
    before, after = _columns(duck, old), _columns(duck, new)
    shared = [name for name in after if name in before and name not in key]
    on = " AND ".join(f"b.{name} = a.{name}" for name in key)
    both = f"read_parquet({quoted(old)}) AS b FULL JOIN read_parquet({quoted(new)}) AS a ON {on}"
    there = f"b.{key[0]} IS NOT NULL AND a.{key[0]} IS NOT NULL"
    differs = {name: f"b.{name} IS DISTINCT FROM a.{name}" for name in shared}
    measures = [
        f"count(*) FILTER (WHERE b.{key[0]} IS NULL)",
        f"count(*) FILTER (WHERE a.{key[0]} IS NULL)",
        f"count(*) FILTER (WHERE {there} AND ({' OR '.join(differs.values()) or 'false'}))",
    ]
    for name in shared:
        measures.append(f"count(*) FILTER (WHERE {there} AND {differs[name]})")
        for side, kinds in (("b", before), ("a", after)):
            measures.append(f"sum({side}.{name})" if kinds[name].startswith(_NUMBERS) else "NULL")
    (found,) = duck.execute(f"SELECT {', '.join(measures)} FROM {both}").fetchall()
    added, removed, changed, *by_column = found
    columns = [
        {"name": name, "changed": differ, "total_before": _text(earlier), "total_after": _text(later)}
        for name, differ, earlier, later in zip(shared, by_column[::3], by_column[1::3], by_column[2::3], strict=True)
    ]
    return {"added": added, "removed": removed, "changed": changed, "columns": columns}


def _columns(duck: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    described = duck.execute(f"DESCRIBE SELECT * FROM read_parquet({quoted(path)})").fetchall()
    return {row[0]: row[1] for row in described}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
