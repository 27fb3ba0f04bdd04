"""DuckDB within limits: so much memory, so many threads, the rest on disk, nothing from the network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from django.conf import settings


@contextmanager
def connected(scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database in memory; what does not fit spills into `scratch`, which the caller removes."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": settings.ANALYTICS_MEMORY_LIMIT,
            "threads": settings.ANALYTICS_THREADS,
            "temp_directory": str(scratch),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
        },
    )
    try:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


def quoted(value: str | Path) -> str:
    """A string literal."""
    return "'" + str(value).replace("'", "''") + "'"
