"""A second process of the product on the test's database, to be killed in the middle of its work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Barrier, Thread
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection

PATIENCE = 60.0
_SETUP = "import django; django.setup(); "


@contextmanager
def process(code: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run Python code with Django set up; what is left of it in the end is killed."""
    database = connection.settings_dict
    who = f"{quote(database['USER'])}:{quote(database['PASSWORD'] or '')}"
    url = f"postgres://{who}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    environment = os.environ | {"DATABASE_URL": url, "PYTHONWARNINGS": "ignore"} | variables
    started = subprocess.Popen([sys.executable, "-c", _SETUP + code], env=environment, cwd=settings.BASE_DIR)
    try:
        yield started
    finally:
        kill(started)


def kill(started: subprocess.Popen[bytes]) -> None:
    """As a power cut would."""
    if started.poll() is None:
        started.send_signal(signal.SIGKILL)
    started.wait()


def until_somebody_waits_for(table: str) -> None:
    """Return once another connection waits for a lock on the table."""
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
    deadline = time.monotonic() + PATIENCE
    while True:
        with connection.cursor() as cursor:
            cursor.execute(query, [table])
            if cursor.fetchone()[0]:
                return
        assert time.monotonic() < deadline, f"nobody came to {table}"
        time.sleep(0.02)


def together(*calls: Callable[[], Any]) -> list[Exception]:
    """Make the calls at the same moment, each on a connection of its own; returns what was raised."""
    barrier, raised = Barrier(len(calls)), []

    def run(call: Callable[[], Any]) -> None:
        try:
            barrier.wait()
            call()
        except Exception as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised
