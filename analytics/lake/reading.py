"""What an engine reads: for each fact its files and the portable SQL of its view.

The view is `SELECT columns FROM base AS b WHERE NOT EXISTS (SELECT 1 FROM delta AS d WHERE d.id = b.id)
UNION ALL SELECT columns FROM delta WHERE NOT is_deleted`. The condition is made only of the files that the delta may
say something about: of the others no ids are read.
"""

# ruff: noqa: S608 - the SQL is made of names from declarations and of our own files, never of input

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from analytics import facts
from analytics.facts import Column, Fact
from analytics.lake import files, manifest
from analytics.lake.manifest import State, StoredFile
from core.database.aside import Connection

# SQL of the rows of Parquet files, in an engine's own way.
Scan = Callable[[Sequence[Path]], str]


@dataclass(frozen=True, slots=True)
class FactSource:
    """A fact's files as of the last sync. `touched` are those of `base` that may have rows the delta speaks of."""

    name: str
    key: str
    columns: tuple[Column, ...]
    base: list[Path]
    touched: list[Path]
    delta: Path | None
    rows: int
    delta_rows: int

    def query(self, scan: Scan) -> str:
        """Portable SQL of the fact's rows; with no files, of none."""
        touched = self.touched if self.delta else []
        clean = [path for path in self.base if path not in set(touched)]
        parts = [f"SELECT {self._listed('b')} FROM {scan(clean)} AS b"] if clean else []
        if self.delta:
            delta = scan([self.delta])
            if touched:
                parts.append(
                    f"SELECT {self._listed('b')} FROM {scan(touched)} AS b "
                    f"WHERE NOT EXISTS (SELECT 1 FROM {delta} AS d WHERE d.{self.key} = b.{self.key})"
                )
            parts.append(f"SELECT {self._listed('n')} FROM {delta} AS n WHERE NOT n.is_deleted")
        return " UNION ALL ".join(parts) or self._nothing()

    def _listed(self, table: str) -> str:
        return ", ".join(f"{table}.{item.name}" for item in self.columns)

    def _nothing(self) -> str:
        listed = ", ".join(f"CAST(NULL AS {item.type}) AS {item.name}" for item in self.columns)
        return f"SELECT {listed} WHERE false"


def sources(connection: Connection) -> dict[str, FactSource]:
    """Every declared fact. Hold `Lock.FILES` shared from before this until the files have been read."""
    found = manifest.read(connection)
    return {fact.name: _source(fact, found.get(fact.name, State())) for fact in facts.facts()}


def fingerprint(connection: Connection) -> str:
    """A digest of which files make up the lake: two computations with the same one have read the same rows."""
    rows = connection.execute('SELECT path FROM analytics_lake_file ORDER BY path COLLATE "C"')
    return hashlib.sha256("\n".join(path for (path,) in rows).encode()).hexdigest()[:32]


def _source(fact: Fact, state: State) -> FactSource:
    base = list(state.base.values())
    return FactSource(
        name=fact.name,
        key=fact.key,
        columns=fact.columns,
        base=[_path(file) for file in base],
        touched=[_path(file) for file in base if file.is_touched],
        delta=_path(state.delta) if state.delta else None,
        rows=state.rows,
        delta_rows=state.delta.rows if state.delta else 0,
    )


def _path(file: StoredFile) -> Path:
    return files.root() / file.path
