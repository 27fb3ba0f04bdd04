"""Child processes that end with the program that started them."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from core.embedded.privileges import ServiceUser, identity_of

PR_SET_PDEATHSIG = 1
POLL = 0.02

Steps = Sequence[tuple[signal.Signals, float]]


def die_with_parent(sign: signal.Signals) -> Callable[[], None] | None:
    """Return what makes a child receive `sign` when its parent dies, where the kernel can do that."""
    if not sys.platform.startswith("linux"):
        return None
    # Loaded before the fork: the child of a threaded parent must not load libraries.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def arm() -> None:
        prctl(PR_SET_PDEATHSIG, int(sign), 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), sign)

    return arm


def clean_environment() -> dict[str, str]:
    """Return an environment in which nothing of the caller's steers a server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def spawn(
    command: Sequence[str | Path], *, user: ServiceUser | None, cwd: Path, log: IO[bytes], on_orphan: signal.Signals
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, so that Ctrl-C reaches only the program that supervises it."""
    return subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        preexec_fn=die_with_parent(on_orphan),
        **identity_of(user),
    )


def stop(process: subprocess.Popen[bytes], steps: Steps) -> None:
    """Ask a child to end, more firmly at every step."""
    for sign, patience in steps:
        if process.poll() is not None:
            return
        process.send_signal(sign)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
    process.wait(5)


def is_alive(pid: int) -> bool:
    """Say whether a process exists, ours or not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "Z"


def command_line(pid: int) -> str:
    """Return the command line of a process, empty where it cannot be read."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        pass
    try:
        done = subprocess.run(["ps", "-wwo", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout


def end_orphan(pid: int, *, marker: str, grace: float, steps: Steps) -> bool:
    """End a server that outlived its supervisor, known by `marker` in its command line; say whether it is gone."""
    if not is_alive(pid) or marker not in command_line(pid):
        return True
    # It was told to stop when its parent died; it may be writing its last pages.
    if wait_until(lambda: not is_alive(pid), grace):
        return True
    for sign, patience in steps:
        try:
            os.kill(pid, sign)
        except (ProcessLookupError, PermissionError):
            break
        if wait_until(lambda: not is_alive(pid), patience):
            return True
    return not is_alive(pid)


def end_group(leader: int, *, marker: str, grace: float) -> None:
    """End a process and all of its group, known by `marker` in their command lines."""

    def members() -> list[int]:
        return [pid for pid, group, command in listed() if group == leader and marker in command]

    if not members() or wait_until(lambda: not members(), grace):
        return
    for sign, patience in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)):
        for pid in members():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, sign)
        if wait_until(lambda: not members(), patience):
            return


def listed() -> list[tuple[int, int, str]]:
    """Return every process that can be seen: its number, its group, its command line."""
    try:
        done = subprocess.run(["ps", "-axwwo", "pid=,pgid=,args="], capture_output=True, text=True, check=False)
    except OSError:
        return _listed_by_proc()
    rows = (line.split(None, 2) for line in done.stdout.splitlines())
    return [(int(row[0]), int(row[1]), row[2]) for row in rows if len(row) == 3]


def _listed_by_proc() -> list[tuple[int, int, str]]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError, ValueError):
            pid = int(stat.parent.name)
            found.append((pid, int(stat.read_text().rpartition(")")[2].split()[2]), command_line(pid)))
    return found


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll a condition; say whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True
