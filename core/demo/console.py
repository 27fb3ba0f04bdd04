"""What the person at the terminal sees: one stream, every line marked with who says it."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

COLOURS = {"web": "36", "worker": "33", "beat": "35", "relay": "34", "setup": "32", "demo": "1"}
WIDTH = max(map(len, COLOURS))


class Console:
    """The terminal, shared by the supervisor and the readers of its children's output."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._coloured = sys.stdout.isatty()

    def line(self, who: str, text: str) -> None:
        """Write one line."""
        mark = f"{who:<{WIDTH}} |"
        if self._coloured:
            mark = f"\x1b[{COLOURS.get(who, '37')}m{mark}\x1b[0m"
        self._write(f"{mark} {text}\n")

    def block(self, text: str) -> None:
        """Write lines as they are."""
        self._write(text if text.endswith("\n") else f"{text}\n")

    def follow(self, who: str, stream: IO[bytes]) -> threading.Thread:
        """Copy a child's output line by line until it ends."""

        def copy() -> None:
            with stream:
                for raw in stream:
                    self.line(who, raw.decode(errors="replace").rstrip("\r\n"))

        reader = threading.Thread(target=copy, name=f"output of {who}", daemon=True)
        reader.start()
        return reader

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Say that something begins, and how long it took."""
        begun = time.monotonic()
        self.line("demo", f"{title} ...")
        yield
        self.line("demo", f"{title}: done in {time.monotonic() - begun:.1f} s")

    def _write(self, text: str) -> None:
        with self._lock:
            try:
                sys.stdout.write(text)
                sys.stdout.flush()
            except (OSError, ValueError):
                # The terminal is gone; what must be stopped is stopped all the same.
                pass
