"""Bringing the lake up to date: one snapshot of the database, the months that changed, one switch of the manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from psycopg import IsolationLevel

from analytics import facts
from analytics.engine.duck import connected
from analytics.facts import Fact
from analytics.lake import files
from analytics.lake.copying import NewFile, copy
from analytics.lake.database import Lock, held, own_connection
from core.database.aside import Connection

Dirty = dict[str, set[date | None]]
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one sync did."""

    months: int
    files: int
    rows: int
    bytes: int


def sync(*, at: datetime, full: bool = False, wait: bool = True, progress: Progress | None = None) -> SyncReport | None:
    """Make the lake equal to the database as of now; None where another sync runs and `wait` is not wanted.

    The marks are taken, and the manifest is switched, in one transaction: a crash anywhere leaves the marks where they
    were and the manifest as it was. Marks of writers that have not committed are not seen, and stay for the next one.
    `progress` is called before each fact; what it raises stops the sync with nothing changed.
    """
    files.root().mkdir(parents=True, exist_ok=True)
    with own_connection() as connection, held(connection, Lock.SYNC, wait=wait) as mine:
        if not mine:
            return None
        report = _switch(connection, at, full, progress or (lambda message: None))
        files.collect(connection)
        return report


def pending(connection: Connection) -> int:
    """How many marks wait for the next sync."""
    row = connection.execute("SELECT count(*) FROM core_dirty_month").fetchone()
    return int(row[0]) if row else 0


def _switch(connection: Connection, at: datetime, full: bool, progress: Progress) -> SyncReport:
    written: list[NewFile] = []
    # Set after the lock is held: the snapshot then includes what the sync before this one did.
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    # What fails leaves files that no manifest names; the next sync removes them. Not here: the commit may have arrived.
    with connection.transaction():
        dirty = _take_marks(connection, full)
        if dirty:
            written = _copy(connection, dirty, progress)
        _record(connection, dirty, written, at)
    connection.isolation_level = None
    months = sum(len(each) for each in dirty.values())
    return SyncReport(months, len(written), sum(f.rows for f in written), sum(f.bytes for f in written))


def _copy(connection: Connection, dirty: Dirty, progress: Progress) -> list[NewFile]:
    written: list[NewFile] = []
    with files.scratch() as scratch, connected(scratch) as duck:
        for name in sorted(dirty):
            progress(f"Copying {name.replace('_', ' ')}")
            written += copy(connection, duck, facts.fact(name), dirty[name], scratch)
    return written


def _take_marks(connection: Connection, full: bool) -> Dirty:
    """Delete the marks that this snapshot sees; return the months to copy by fact."""
    marked: Dirty = {}
    query = "WITH taken AS (DELETE FROM core_dirty_month RETURNING fact, month) SELECT DISTINCT fact, month FROM taken"
    for name, month in connection.execute(query):
        marked.setdefault(name, set()).add(month)
    known: dict[str, str] = dict(connection.execute("SELECT name, version FROM analytics_lake_fact").fetchall())
    dirty: Dirty = {}
    for fact in facts.facts():
        months = marked.get(fact.name, set())
        # A mark without a month on a fact that is split means all of it (TRUNCATE).
        if full or known.get(fact.name) != fact.version or (fact.moment and None in months):
            dirty[fact.name] = _all_months(connection, fact)
        elif months:
            dirty[fact.name] = months if fact.moment else {None}
    return dirty


def _all_months(connection: Connection, fact: Fact) -> set[date | None]:
    """Every month that has rows, or had them when it was copied last."""
    old = connection.execute("SELECT month FROM analytics_lake_file WHERE fact = %s", [fact.name]).fetchall()
    new = connection.execute(fact.months()).fetchall() if fact.moment else [(None,)]
    return {month for (month,) in (*old, *new)}


def _record(connection: Connection, dirty: Dirty, written: Iterable[NewFile], at: datetime) -> None:
    """Switch the manifest: the dirty months' old files out, the new ones in."""
    pairs = [(name, month) for name, months in dirty.items() for month in months]
    with connection.cursor() as cursor:
        cursor.executemany("DELETE FROM analytics_lake_file WHERE fact = %s AND month IS NOT DISTINCT FROM %s", pairs)
        cursor.executemany(
            "INSERT INTO analytics_lake_file (fact, month, path, rows, bytes, synced_at) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            [(file.fact, file.month, file.path, file.rows, file.bytes, at) for file in written],
        )
        cursor.executemany(
            "INSERT INTO analytics_lake_fact (name, version, synced_at) VALUES (%s, %s, %s) "
            "ON CONFLICT (name) DO UPDATE SET version = EXCLUDED.version, synced_at = EXCLUDED.synced_at",
            [(fact.name, fact.version, at) for fact in facts.facts()],
        )
        # A fact that is no longer declared leaves the lake.
        names = [fact.name for fact in facts.facts()]
        cursor.execute("DELETE FROM analytics_lake_file WHERE fact <> ALL(%s)", [names])
        cursor.execute("DELETE FROM analytics_lake_fact WHERE name <> ALL(%s)", [names])
