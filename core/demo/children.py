"""The Python processes of the product, and how each is started and stopped."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from core.demo.console import Console
from core.embedded import process
from core.embedded.home import PROJECT, Home

FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
SETTLED_AFTER = 30.0


@dataclass(frozen=True, slots=True)
class Spec:
    """One kind of process."""

    name: str
    command: Sequence[str]
    # Sent by the kernel if the supervisor is killed: the quickest clean end there is.
    on_orphan: signal.Signals = signal.SIGTERM
    patience: float = 10.0


def specs(home: Home, port: int) -> list[Spec]:
    """Return the processes that serve, in the order in which they start."""
    python, worker = sys.executable, ["-m", "celery", "--quiet", "--app", "config"]
    level = ["--loglevel", "INFO"]
    found = [
        Spec(
            "web",
            [python, "-m", "gunicorn", "--config", "config/gunicorn.py", "--bind", f"127.0.0.1:{port}", "config.wsgi"],
            on_orphan=signal.SIGQUIT,
        ),
        Spec(
            "worker",
            [python, *worker, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle", *level],
            on_orphan=signal.SIGQUIT,
        ),
        Spec("beat", [python, *worker, "beat", "--schedule", str(home.path / "beat-schedule"), *level]),
    ]
    if (PROJECT / "core/management/commands/relay.py").exists():
        found.append(Spec("relay", [python, "manage.py", "relay"]))
    return found


@dataclass
class Child:
    """A process that is kept running."""

    spec: Spec
    console: Console
    environment: Mapping[str, str]
    before_start: Callable[[], None] = lambda: None
    popen: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    failures: int = field(default=0)

    @property
    def alive(self) -> bool:
        """Say whether it runs."""
        return self.popen is not None and self.popen.poll() is None

    def start(self) -> None:
        """Start it, in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        self.before_start()
        self.popen = subprocess.Popen(
            list(self.spec.command),
            cwd=PROJECT,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=process.die_with_parent(self.spec.on_orphan),
        )
        self.started_at = time.monotonic()
        assert self.popen.stdout is not None  # noqa: S101 - asked for above
        self.console.follow(self.spec.name, self.popen.stdout)

    def watch(self) -> None:
        """Notice an end, and start again, later each time."""
        if self.alive:
            if self.failures and time.monotonic() - self.started_at > SETTLED_AFTER:
                self.failures = 0
            return
        now = time.monotonic()
        if self.popen is not None:
            delay = min(FIRST_DELAY * 2**self.failures, LONGEST_DELAY)
            self.console.line("demo", f"{self.spec.name} {how_it_ended(self.popen)}; starting it again in {delay:g} s")
            self._end_group()
            self.failures += 1
            self.popen, self.start_again_at = None, now + delay
        elif now >= self.start_again_at:
            self.start()

    def ask_to_stop(self) -> None:
        """Send the signal for a clean end."""
        if self.popen and self.alive:
            self.popen.terminate()

    def stop(self, deadline: float) -> None:
        """Wait for the end until the deadline, then force it, with everything it started."""
        if not self.popen:
            return
        with suppress(subprocess.TimeoutExpired):
            self.popen.wait(max(0.0, deadline - time.monotonic()))
        self._end_group()
        self.popen.wait()
        self.popen = None

    def _end_group(self) -> None:
        if self.popen:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.popen.pid, signal.SIGKILL)


def how_it_ended(popen: "subprocess.Popen[bytes]") -> str:
    """Return the end of a process in words."""
    code = popen.returncode
    if code is not None and code < 0:
        return f"was killed ({signal.Signals(-code).name})"
    return f"ended with code {code}"
