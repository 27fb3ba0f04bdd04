"""What has to happen before and while the product starts: Django processes that run stages and end."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping

from core.demo.console import Console
from core.embedded import EmbeddedServiceError, process
from core.embedded.home import PROJECT

STOPPING: process.Steps = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))


class SetupFailed(EmbeddedServiceError):
    """A stage ended with an error, which stands in the output above."""


class Stage:
    """A run of `manage.py prepare_demo`, whose words are shown as they come."""

    def __init__(self, console: Console, environment: Mapping[str, str], *stages: str) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "manage.py", "prepare_demo", *stages],
            cwd=PROJECT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=process.die_with_parent(signal.SIGTERM),
        )
        assert self.child.stdout is not None  # noqa: S101 - asked for above
        self.reader = console.follow("setup", self.child.stdout)

    def is_done(self) -> bool:
        """Say whether it ended well; raise where it did not."""
        if self.child.poll() is None:
            return False
        self.reader.join(5)
        if self.child.returncode:
            raise SetupFailed("The demo could not be prepared: the reason stands above.")
        return True

    def stop(self) -> None:
        """End it, begun or not."""
        process.stop(self.child, STOPPING)
