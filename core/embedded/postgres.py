"""One PostgreSQL server of our own: created, started, recovered and stopped."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import sql

from core.embedded import binaries, ports, process
from core.embedded.errors import EmbeddedServiceError, disk_full, mentions_full_disk
from core.embedded.home import Home, full_disk_is_a_sentence, own_folder, remove_tree, write_private
from core.embedded.privileges import ServiceUser, give, identity_of

DATABASE = "bifocal"
OWNER = "bifocal"
SUPERUSER = "postgres"
ATTEMPTS = 6
READY_WITHIN = 180.0
STOPPING: process.Steps = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))

SETTINGS = {
    "listen_addresses": ports.LOOPBACK,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "100",
    # A query over a table of many partitions holds a lock for each of them and of their indexes.
    "max_locks_per_transaction": "256",
    "shared_buffers": "128MB",
    "dynamic_shared_memory_type": "posix",
    "log_line_prefix": "",
    "log_min_messages": "warning",
    "password_encryption": "scram-sha-256",
    "jit": "off",
}
# Imports and changes of many records write faster where the indexes of their table stay in memory.
ROOMY = {"shared_buffers": "512MB", "max_wal_size": "2GB"}
ROOMY_FROM = 8 << 30
# For data that nobody misses after a power cut.
UNSAFE_AND_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """The server of one home."""

    def __init__(self, home: Home, *, root: Path, user: ServiceUser | None, durable: bool = True) -> None:
        self.home = home
        self.user = user
        self.folder = root / "postgres"
        self.data = self.folder / "data"
        self.log = home.path / "postgres.log"
        self.durable = durable
        self.child: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Return the address of the application's database."""
        return f"postgres://{OWNER}:{self.home.secret('postgres_owner')}@{ports.LOOPBACK}:{self.port}/{DATABASE}"

    @property
    def alive(self) -> bool:
        """Say whether our child still runs."""
        return self.child is not None and self.child.poll() is None

    def start(self) -> None:
        """Bring the server up, through whatever the last end left behind."""
        bin_folder = binaries.postgres_bin(self.user)
        with full_disk_is_a_sentence(self.folder):
            own_folder_of(self.folder, self.user)
        self._end_orphan()
        if not (self.data / "PG_VERSION").exists():
            self._create(bin_folder)
        self._check_version(bin_folder)
        output = ""
        for attempt in range(ATTEMPTS):
            # After a kill the old backends need a moment to let go of shared memory.
            time.sleep(0.25 * attempt)
            output = self._try_start(bin_folder)
            if self.alive:
                self._bootstrap()
                return
            if mentions_full_disk(output):
                raise disk_full(self.folder)
        raise EmbeddedServiceError(f"PostgreSQL does not start ({_cause(output)}); its log is {self.log}.")

    def stop(self) -> None:
        """Stop the server cleanly, or firmly if it does not listen."""
        if self.child:
            process.stop(self.child, STOPPING)
            self.child = None

    def _create(self, bin_folder: Path) -> None:
        draft = self.folder / "data.new"
        if draft.exists():
            remove_tree(draft)
        password_file = self.folder / "password"
        write_private(password_file, self.home.secret("postgres_superuser"), user=self.user)
        major = binaries.major_version(bin_folder)
        # The built-in provider (17 and later) sorts the same on every machine.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if major >= 17 else []
        command: list[str | Path] = [
            bin_folder / "initdb", "-D", draft, "-U", SUPERUSER, "-E", "UTF8", "--no-locale", *locale,
            "--auth=scram-sha-256", f"--pwfile={password_file}", "--no-instructions", "--no-sync",
        ]  # fmt: skip
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=process.clean_environment(),
            capture_output=True,
            text=True,
            check=False,
            **identity_of(self.user),
        )
        password_file.unlink(missing_ok=True)
        if done.returncode:
            output = done.stdout + done.stderr
            if mentions_full_disk(output):
                raise disk_full(self.folder)
            raise EmbeddedServiceError(f"PostgreSQL could not create its data folder ({_cause(output)}).")
        # A folder that is only half made is never taken for a database.
        draft.rename(self.data)

    def _check_version(self, bin_folder: Path) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        have = binaries.major_version(bin_folder)
        if made_by != str(have):
            raise EmbeddedServiceError(
                f"The data in {self.data} were made by PostgreSQL {made_by} and this is {have}: "
                "run `make clean` to begin anew, or install that version."
            )

    def _try_start(self, bin_folder: Path) -> str:
        """Start once; return what the server said. It is alive if it became ready."""
        self.port = ports.choose(self.home.ports.get("postgres"))
        kind = (ROOMY if memory() >= ROOMY_FROM else {}) if self.durable else UNSAFE_AND_FAST
        settings = SETTINGS | kind | {"port": str(self.port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with full_disk_is_a_sentence(self.log.parent), self.log.open("wb") as log:
            self.child = process.spawn(
                [bin_folder / "postgres", "-D", self.data, *options],
                user=self.user,
                cwd=self.folder,
                log=log,
                on_orphan=signal.SIGINT,
            )
        process.wait_until(lambda: not self.alive or self._is_ready(), READY_WITHIN)
        if self.alive and self._is_ready():
            self.home.remember_port("postgres", self.port)
        else:
            self.stop()
        return self.log.read_text(errors="replace")

    def _is_ready(self) -> bool:
        lines = self._pid_file()
        return (
            len(lines) > 7
            and lines[7].strip() == "ready"
            and self.child is not None
            and lines[0] == str(self.child.pid)
        )

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _end_orphan(self) -> None:
        """End a server that outlived its supervisor, and drop a lock file whose process is somebody else."""
        lines = self._pid_file()
        if not lines or not re.fullmatch(r"\d+", lines[0]):
            return
        pid = int(lines[0])
        if not process.end_orphan(pid, marker=str(self.data), grace=5.0, steps=STOPPING):
            raise EmbeddedServiceError(f"A PostgreSQL of an earlier run (process {pid}) does not stop: end it first.")
        if process.is_alive(pid) and str(self.data) not in process.command_line(pid):
            # The number went to another program, which PostgreSQL would take for itself.
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _bootstrap(self) -> None:
        """Make the application's role, which is no superuser, and its database."""
        admin = psycopg.connect(
            host=ports.LOOPBACK,
            port=self.port,
            user=SUPERUSER,
            password=self.home.secret("postgres_superuser"),
            dbname="postgres",
            autocommit=True,
        )
        with admin as connection:
            role, database = sql.Identifier(OWNER), sql.Identifier(DATABASE)
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone():
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(
                        role, sql.Literal(self.home.secret("postgres_owner"))
                    )
                )
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))


def memory() -> int:
    """How many bytes of memory the machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def own_folder_of(folder: Path, user: ServiceUser | None) -> None:
    """Create a folder that only the service user can open."""
    if not folder.exists():
        give(own_folder(folder, 0o700), user)


def _cause(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    causes = [line for line in lines if "FATAL:" in line or "error:" in line]
    return (causes or lines or ["it said nothing"])[-1]
