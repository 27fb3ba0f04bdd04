"""Connections of the lake's own: a snapshot and the locks live as long as the connection, and die with the process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from core.database import aside
from core.database.aside import Connection

# "lake" in ASCII: the first half of all our advisory locks.
FAMILY = 0x6C616B65


class Lock(IntEnum):
    """Advisory locks: one sync at a time, readers of files against their removal, one recomputation at a time,
    one rebuilding of the slice store, one worker that keeps segments in step."""

    SYNC = 1
    FILES = 2
    RECOMPUTE = 3
    REQUEST = 4
    SLICES = 5
    SEGMENTS = 19


@contextmanager
def own_connection() -> Iterator[Connection]:
    """A connection beside Django's, in autocommit, to the same database."""
    with aside.own_connection() as connection:
        # Text forms that the CSV reader relies on, whatever the server's defaults are.
        connection.execute("SET datestyle TO 'ISO, YMD'")
        connection.execute("SET timezone TO 'UTC'")
        yield connection


@contextmanager
def held(connection: Connection, lock: Lock, *, shared: bool = False, wait: bool = True) -> Iterator[bool]:
    """Hold an advisory lock. Yields False where it is taken and `wait` is not wanted."""
    mode = "_shared" if shared else ""
    if wait:
        connection.execute(f"SELECT pg_advisory_lock{mode}(%s, %s)", [FAMILY, int(lock)])
        taken = True
    else:
        row = connection.execute(f"SELECT pg_try_advisory_lock{mode}(%s, %s)", [FAMILY, int(lock)]).fetchone()
        taken = bool(row and row[0])
    try:
        yield taken
    finally:
        # A broken connection has let go of it already.
        if taken and not connection.closed and not connection.broken:
            connection.execute(f"SELECT pg_advisory_unlock{mode}(%s, %s)", [FAMILY, int(lock)])
