"""What has to happen before and while the product starts: one Django process per stage."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping

from core.demo.console import Console
from core.embedded import EmbeddedServiceError, process
from core.embedded.home import PROJECT


class SetupFailed(EmbeddedServiceError):
    """A stage ended with an error, which stands in the output above."""


def run_stage(console: Console, environment: Mapping[str, str], *stages: str, is_stopping: Callable[[], bool]) -> None:
    """Run stages of `manage.py prepare_demo`, showing what they say."""
    child = subprocess.Popen(
        [sys.executable, "manage.py", "prepare_demo", *stages],
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=process.die_with_parent(signal.SIGTERM),
    )
    assert child.stdout is not None  # noqa: S101 - asked for above
    reader = console.follow("setup", child.stdout)
    process.wait_until(lambda: child.poll() is not None or is_stopping(), float("inf"))
    if child.poll() is None:
        process.stop(child, ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)))
        return
    reader.join(5)
    if child.returncode:
        raise SetupFailed("The demo could not be prepared: the reason stands above.")
