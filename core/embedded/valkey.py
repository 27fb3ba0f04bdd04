"""One Valkey server of our own, the broker and cache of a development machine."""

import re
import signal
import socket
import subprocess
import time
from pathlib import Path

from core.embedded import binaries, ports, process
from core.embedded.errors import EmbeddedServiceError, disk_full, mentions_full_disk
from core.embedded.home import Home, full_disk_is_a_sentence, own_folder, write_private
from core.embedded.privileges import ServiceUser, give

ATTEMPTS = 4
READY_WITHIN = 60.0
DATABASES = 128
STOPPING: process.Steps = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


class Valkey:
    """The server of one home."""

    def __init__(self, home: Home, *, root: Path, user: ServiceUser | None, durable: bool = True) -> None:
        self.home = home
        self.user = user
        self.folder = root / "valkey"
        self.config = self.folder / "valkey.conf"
        self.log = home.path / "valkey.log"
        self.durable = durable
        self.child: subprocess.Popen[bytes] | None = None
        self.port = 0

    def url(self, database: int) -> str:
        """Return the address of one of its databases."""
        return f"redis://:{self.home.secret('valkey')}@{ports.LOOPBACK}:{self.port}/{database}"

    @property
    def alive(self) -> bool:
        """Say whether our child still runs."""
        return self.child is not None and self.child.poll() is None

    def start(self) -> None:
        """Bring the server up, through whatever the last end left behind."""
        server = binaries.valkey_server(self.user)
        with full_disk_is_a_sentence(self.folder):
            if not self.folder.exists():
                give(own_folder(self.folder, 0o700), self.user)
        self._end_orphan()
        output = ""
        for attempt in range(ATTEMPTS):
            time.sleep(0.25 * attempt)
            output = self._try_start(server)
            if self.alive:
                return
            if mentions_full_disk(output):
                raise disk_full(self.folder)
        last = output.strip().splitlines()[-1:] or ["it said nothing"]
        raise EmbeddedServiceError(f"Valkey does not start ({last[0].strip()}); its log is {self.log}.")

    def stop(self) -> None:
        """Stop the server; it writes what it holds first."""
        if self.child:
            process.stop(self.child, STOPPING)
            self.child = None

    def _try_start(self, server: Path) -> str:
        self.port = ports.choose(self.home.ports.get("valkey"))
        write_private(self.config, self._settings(), user=self.user)
        with full_disk_is_a_sentence(self.log.parent), self.log.open("wb") as log:
            self.child = process.spawn(
                [server, self.config], user=self.user, cwd=self.folder, log=log, on_orphan=signal.SIGTERM
            )
        process.wait_until(lambda: not self.alive or self._answers(), READY_WITHIN)
        if self.alive and self._answers():
            self.home.remember_port("valkey", self.port)
        else:
            self.stop()
        return self.log.read_text(errors="replace")

    def _settings(self) -> str:
        lines = {
            "bind": ports.LOOPBACK,
            "port": self.port,
            # In a file of its own: a command line is for everybody to read.
            "requirepass": self.home.secret("valkey"),
            "databases": DATABASES,
            "dir": f'"{self.folder}"',
            "pidfile": f'"{self.folder / "valkey.pid"}"',
            "daemonize": "no",
            "set-proc-title": "no",
            "loglevel": "notice",
            "save": '""',
            "appendonly": "yes",
            "appendfsync": "everysec" if self.durable else "no",
            "aof-load-truncated": "yes",
            # A broker must refuse rather than drop what it holds.
            "maxmemory-policy": "noeviction",
        }
        return "".join(f"{name} {value}\n" for name, value in lines.items())

    def _answers(self) -> bool:
        try:
            with socket.create_connection((ports.LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.home.secret('valkey')}\r\nPING\r\n".encode())
                said = b""
                while said.count(b"\r\n") < 2:
                    part = connection.recv(256)
                    if not part:
                        return False
                    said += part
        except OSError:
            return False
        return said == b"+OK\r\n+PONG\r\n"

    def _end_orphan(self) -> None:
        try:
            said = (self.folder / "valkey.pid").read_text().strip()
        except OSError:
            return
        if not re.fullmatch(r"\d+", said):
            return
        if not process.end_orphan(int(said), marker=str(self.config), grace=5.0, steps=STOPPING):
            raise EmbeddedServiceError(f"A Valkey of an earlier run (process {said}) does not stop: end it first.")
