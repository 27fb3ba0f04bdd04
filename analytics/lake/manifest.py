"""The manifest: which files make up a fact. What it does not name is not part of the lake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from analytics import facts
from core.database.aside import Connection


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a month, or a delta. `path` is below the lake's root."""

    month: date | None
    path: str
    rows: int
    bytes: int
    is_delta: bool = False
    is_touched: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """The files of a fact: one for each month that has rows, and the delta, if any row changed since."""

    version: str = ""
    base: Mapping[date | None, StoredFile] = field(default_factory=dict)
    delta: StoredFile | None = None

    @property
    def files(self) -> list[StoredFile]:
        base = list(self.base.values())
        return [*base, self.delta] if self.delta else base

    @property
    def rows(self) -> int:
        """Rows of the months' files."""
        return sum(file.rows for file in self.base.values())

    def touched(self, months: Iterable[date | None]) -> State:
        """The same files, of which those of these months, and no others, are marked as touched."""
        some = set(months)
        base = {month: replace(file, is_touched=month in some) for month, file in self.base.items()}
        return replace(self, base=base)


def read(connection: Connection) -> dict[str, State]:
    """The state of every fact that was copied."""
    versions: dict[str, str] = dict(connection.execute("SELECT name, version FROM analytics_lake_fact").fetchall())
    base: dict[str, dict[date | None, StoredFile]] = {name: {} for name in versions}
    deltas: dict[str, StoredFile] = {}
    query = "SELECT fact, month, path, rows, bytes, is_delta, is_touched FROM analytics_lake_file ORDER BY fact, month"
    for name, *values in connection.execute(query):
        file = StoredFile(*values)
        if file.is_delta:
            deltas[name] = file
        else:
            base.setdefault(name, {})[file.month] = file
    return {name: State(versions.get(name, ""), files, deltas.get(name)) for name, files in base.items()}


def switch(connection: Connection, old: Mapping[str, State], new: Mapping[str, State], at: datetime) -> None:
    """Replace the files of the facts in `new`; every declared fact is then as of `at`, others leave the lake."""
    names = [fact.name for fact in facts.facts()]
    gone, come, kept = [], [], []
    for name, state in new.items():
        before = {file.path: file for file in old[name].files} if name in old else {}
        after = {file.path: file for file in state.files}
        gone += [path for path in before if path not in after]
        come += [(name, file) for path, file in after.items() if path not in before]
        kept += [file for path, file in after.items() if path in before and file != before[path]]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM analytics_lake_file WHERE path = ANY(%s) OR fact <> ALL(%s)", [gone, names])
        cursor.executemany(
            "INSERT INTO analytics_lake_file (fact, month, path, rows, bytes, is_delta, is_touched, synced_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [(n, f.month, f.path, f.rows, f.bytes, f.is_delta, f.is_touched, at) for n, f in come],
        )
        cursor.executemany(
            "UPDATE analytics_lake_file SET is_touched = %s WHERE path = %s", [(f.is_touched, f.path) for f in kept]
        )
        cursor.execute("DELETE FROM analytics_lake_fact WHERE name <> ALL(%s)", [names])
        cursor.execute(
            "INSERT INTO analytics_lake_fact (name, version, synced_at) "
            "SELECT n, v, %s FROM unnest(%s::text[], %s::text[]) AS u (n, v) "
            "ON CONFLICT (name) DO UPDATE SET version = EXCLUDED.version, synced_at = EXCLUDED.synced_at",
            [at, names, [fact.version for fact in facts.facts()]],
        )
