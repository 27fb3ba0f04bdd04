"""Real workers in processes of their own, on a test's database and any broker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

PATIENCE = 60.0
WORKER = ("-m", "celery", "--app", "config", "worker", "--concurrency", "1",
          "--without-gossip", "--without-mingle", "--loglevel", "ERROR")  # fmt: skip


def environment(lake_root: Path, broker: str | None = None) -> Mapping[str, str]:
    """What a process needs to work on this test's database, broker and lake."""
    database = connection.settings_dict
    who = f"{quote(database['USER'])}:{quote(database['PASSWORD'] or '')}"
    return os.environ | {
        "DATABASE_URL": f"postgres://{who}@{database['HOST']}:{database['PORT']}/{database['NAME']}",
        "BROKER_URL": broker or settings.CELERY_BROKER_URL,
        "LAKE_ROOT": str(lake_root),
        "BIFOCAL_ENV": "test",
        "PYTHONWARNINGS": "ignore",
    }


@contextmanager
def worker(lake_root: Path, broker: str | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a session of its own; killed at the end where it still runs."""
    process = subprocess.Popen(
        [sys.executable, *WORKER], env=environment(lake_root, broker), cwd=settings.BASE_DIR, start_new_session=True
    )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """As the power goes: the worker and its child at once."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(0.05)
