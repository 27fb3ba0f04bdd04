"""A standalone Spark on this machine: a master and two workers on loopback, gone with the test."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

PATIENCE = 60.0
_URL = re.compile(r"Starting Spark master at (spark://\S+)")
_REGISTERED = "Successfully registered with master"


def missing() -> str | None:
    """Why there can be no Spark here, if there can be none."""
    if find_spec("pyspark") is None:
        return "pyspark is not installed (the extra `spark`)"
    return None if shutil.which("java") else "there is no Java"


@contextmanager
def standalone(folder: Path, workers: int = 2) -> Iterator[str]:
    """The address of a master with so many workers that have registered."""
    with ExitStack() as stack:
        log = folder / "master.log"
        stack.enter_context(_running(log, "org.apache.spark.deploy.master.Master", "--port", "0", "--webui-port", "0"))
        url = _said(log, _URL)
        for number in range(workers):
            log = folder / f"worker-{number}.log"
            options = ("--cores", "1", "--memory", "700m", "--webui-port", "0", "--work-dir", str(folder / str(number)))
            stack.enter_context(_running(log, "org.apache.spark.deploy.worker.Worker", *options, url))
            _said(log, re.compile(f"({_REGISTERED})"))
        yield url


@contextmanager
def _running(log: Path, name: str, *options: str) -> Iterator[None]:
    """A daemon of Spark, killed in the end."""
    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.submodule_search_locations
    home = Path(next(iter(spec.submodule_search_locations)))
    environment = os.environ | {"SPARK_HOME": str(home), "SPARK_NO_DAEMONIZE": "1", "SPARK_DAEMON_MEMORY": "256m"}
    command = [str(home / "bin" / "spark-class"), name, "--host", "127.0.0.1", *options]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _said(log: Path, what: re.Pattern[str]) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = what.search(log.read_text(encoding="utf-8", errors="replace"))
        if found:
            return found.group(1)
        time.sleep(0.1)
    raise AssertionError(f"no {what.pattern!r} within {PATIENCE} s in:\n{log.read_text(encoding='utf-8')}")
