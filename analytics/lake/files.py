"""The lake's folder: where files are, how one becomes durable, and which are no longer needed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from django.conf import settings

from analytics.lake.database import Lock, held
from core.database.aside import Connection
from core.ids import new_id

SCRATCH = "scratch"


def root() -> Path:
    return Path(settings.LAKE_ROOT)


def new_path(fact: str, month: date | None) -> str:
    """A path below the root that was never used: files are never overwritten, so readers never see one change."""
    return f"{fact}/{month.strftime('%Y-%m') if month else 'all'}-{new_id().hex}.parquet"


def new_delta(fact: str) -> str:
    """The same for a delta."""
    return f"{fact}/delta-{new_id().hex}.parquet"


def make_durable(path: Path) -> None:
    """Return once the file and its name are on disk."""
    make_all_durable([path])


def make_all_durable(written: Collection[Path]) -> None:
    """The same for many at once."""
    for each in (*written, *sorted({path.parent for path in written})):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for what is thrown away: rows in transit, sorts that spill."""
    path = root() / SCRATCH / f"{os.getpid()}-{new_id().hex}"
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def collect(connection: Connection) -> int:
    """Remove files that the manifest does not name, unless somebody is reading. Call it while holding the sync lock."""
    with held(connection, Lock.FILES, wait=False) as alone:
        if not alone:
            return 0
        superseded = unnamed(connection)
        for path in superseded:
            path.unlink(missing_ok=True)
        _remove_scratch_of_the_dead()
        return len(superseded)


def unnamed(connection: Connection) -> list[Path]:
    """The files that the manifest does not name."""
    named = {path for (path,) in connection.execute("SELECT path FROM analytics_lake_file")}
    return [path for path in root().glob("*/*.parquet") if path.relative_to(root()).as_posix() not in named]


def is_broken(connection: Connection) -> bool:
    """Whether the manifest names a file that is not there."""
    named = connection.execute("SELECT path FROM analytics_lake_file")
    return any(not (root() / path).exists() for (path,) in named)


def _remove_scratch_of_the_dead() -> None:
    for path in (root() / SCRATCH).glob("*-*"):
        pid = path.name.partition("-")[0]
        if pid.isdigit() and int(pid) != os.getpid() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(path, ignore_errors=True)
