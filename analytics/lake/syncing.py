"""Bringing the lake up to date: one snapshot of the database, what changed of it, one switch of the manifest."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

import duckdb
from psycopg import IsolationLevel

from analytics import facts
from analytics.engine.duck import connected
from analytics.lake import copying, deltas, files, manifest, marks
from analytics.lake.copying import Piece
from analytics.lake.database import Lock, held, own_connection
from analytics.lake.manifest import State, StoredFile
from analytics.lake.marks import Work
from core.database.aside import Connection

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one sync did: months that were written, files, rows and bytes in them, and facts that were folded."""

    months: int = 0
    files: int = 0
    rows: int = 0
    bytes: int = 0
    folded: int = 0


def sync(
    *,
    at: datetime,
    full: bool = False,
    compact: bool = False,
    wait: bool = True,
    progress: Progress | None = None,
) -> SyncReport | None:
    """Make the lake equal to the database as of now; None where another sync runs and `wait` is not wanted.

    The marks are taken, and the manifest is switched, in one transaction: a crash anywhere leaves the marks where they
    were and the manifest as it was. Marks of writers that have not committed are not seen, and stay for the next one.
    full: everything is copied, marked or not. compact: no delta is left, so that nothing superseded is on disk.
    `progress` is called before each fact; what it raises stops the sync with nothing changed.
    """
    files.root().mkdir(parents=True, exist_ok=True)
    with own_connection() as connection, held(connection, Lock.SYNC, wait=wait) as mine:
        if not mine:
            return None
        report = _switch(connection, at, full, compact, progress or (lambda message: None))
        files.collect(connection)
        return report


def _switch(connection: Connection, at: datetime, full: bool, compact: bool, progress: Progress) -> SyncReport:
    # Set after the lock is held: the snapshot then includes what the sync before this one did.
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    # What fails leaves files that no manifest names; the next sync removes them. Not here: the commit may have arrived.
    with connection.transaction():
        old = manifest.read(connection)
        works = _works(connection, old, full)
        folds = compact and any(state.delta for state in old.values())
        new = _written(connection, old, works, compact, progress) if works or folds else {}
        _record(connection, old, new, at)
    connection.isolation_level = None
    return _report(old, new)


def _works(connection: Connection, old: Mapping[str, State], full: bool) -> list[Work]:
    """What there is to do, by the names of the facts."""
    marked = marks.take(connection) if marks.are_there(connection) else {}
    planned = [marks.plan(fact, old.get(fact.name), marked.get(fact.name, {}), full=full) for fact in facts.facts()]
    return [work for work in planned if work.everything or work.months or work.has_rows]


@dataclass
class _Workshop:
    """A sync at work."""

    connection: Connection
    duck: duckdb.DuckDBPyConnection
    scratch: Path
    old: Mapping[str, State]
    written: dict[str, list[StoredFile]] = field(default_factory=dict)
    deltas: dict[str, StoredFile] = field(default_factory=dict)
    chosen: dict[str, set[date | None]] = field(default_factory=dict)


def _written(
    connection: Connection, old: Mapping[str, State], works: list[Work], compact: bool, progress: Progress
) -> dict[str, State]:
    with files.scratch() as scratch, connected(scratch) as duck:
        shop = _Workshop(connection, duck, scratch, old)
        for work in works:
            _choose_rows(shop, work)
        _copy(shop, works, progress)
        new = {work.fact.name: _state(shop, work) for work in works}
        for name, state in ({**old, **new} if compact else new).items():
            if state.delta and (compact or deltas.is_due(state)) and name in _declared():
                progress(f"Folding {_spoken(name)}")
                new[name] = deltas.folded(duck, facts.fact(name), state)
        named = {file.path for state in old.values() for file in state.files}
        paths = [file.path for state in new.values() for file in state.files if file.path not in named]
        files.make_all_durable([files.root() / path for path in paths])
    return new


def _declared() -> set[str]:
    return {fact.name for fact in facts.facts()}


def _choose_rows(shop: _Workshop, work: Work) -> None:
    """Settle which single rows are read, and in which months' files they may lie."""
    name, state = work.fact.name, shop.old.get(work.fact.name)
    if work.everything or state is None:
        return
    if work.months:
        marks.leave_rows(shop.connection, work.fact, work.months)
        if state.delta:
            again = deltas.in_months(shop.duck, work.fact, state.delta, work.months)
            marks.add_rows(shop.connection, work.fact, again, work.months)
    shop.chosen[name] = marks.months_of_rows(shop.connection, work.fact)


def _copy(shop: _Workshop, works: list[Work], progress: Progress) -> None:
    last = ""
    with closing(_pieces(shop, works)) as pieces, copying.ahead(pieces) as coming:
        for piece in coming:
            name = piece.fact.name
            if name != last:
                progress(f"Copying {_spoken(name)}")
                last = name
            if piece.months:
                shop.written.setdefault(name, []).extend(copying.write(shop.duck, piece))
            else:
                shop.deltas[name] = deltas.merged(shop.duck, piece, shop.old[name].delta)


def _pieces(shop: _Workshop, works: list[Work]) -> Generator[Piece]:
    """What is read from the database, in the order in which it is written. Runs in a thread that alone talks to it."""
    for work in works:
        fact = work.fact
        if work.everything:
            yield from copying.everything(shop.connection, fact, shop.scratch)
            continue
        had = {month: file.rows for month, file in shop.old[fact.name].base.items()}
        months = copying.numbered(work.months, had)
        yield from copying.of_months(shop.connection, fact, months, shop.scratch)
        if shop.chosen[fact.name]:
            yield copying.single_rows(shop.connection, fact, marks.chosen(fact), shop.scratch)


def _state(shop: _Workshop, work: Work) -> State:
    """The files of a fact after what was copied."""
    fact, written = work.fact, {file.month: file for file in shop.written.get(work.fact.name, [])}
    if work.everything:
        return State(fact.version, written)
    old = shop.old[fact.name]
    base = {month: file for month, file in old.base.items() if month not in work.months} | written
    delta = shop.deltas.get(fact.name, old.delta)
    state = replace(old, base=base, delta=delta)
    return state.touched(_touched(shop, work, state))


def _touched(shop: _Workshop, work: Work, state: State) -> set[date | None]:
    """The months in whose files there may be rows that the delta speaks of."""
    if state.delta is None:
        return set()
    chosen = shop.chosen[work.fact.name]
    if work.fact.moment and None in chosen:
        return set(state.base)
    before = {month for month, file in state.base.items() if file.is_touched}
    # What was copied just now has none but those that live in it.
    fresh = deltas.live_months(shop.duck, state.delta) & work.months if work.months else set()
    return before | chosen | fresh


def _record(connection: Connection, old: Mapping[str, State], new: Mapping[str, State], at: datetime) -> None:
    manifest.switch(connection, old, new, at)


def _report(old: Mapping[str, State], new: Mapping[str, State]) -> SyncReport:
    named = {file.path for state in old.values() for file in state.files}
    written = [file for state in new.values() for file in state.files if file.path not in named]
    return SyncReport(
        months=sum(not file.is_delta for file in written),
        files=len(written),
        rows=sum(file.rows for file in written),
        bytes=sum(file.bytes for file in written),
        folded=sum(name in old and old[name].delta is not None and state.delta is None for name, state in new.items()),
    )


def _spoken(name: str) -> str:
    return name.replace("_", " ")
