"""Where one checkout keeps the state of its servers, and who holds it."""

import errno
import fcntl
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from core.embedded.errors import AlreadyRunning, EmbeddedServiceError, disk_full
from core.embedded.privileges import ServiceUser, give, service_user

PROJECT = Path(__file__).resolve().parents[2]
FALLBACKS = Path("/var/tmp")  # noqa: S108 - folders below it are created and checked by own_folder
LEAVING = "leaving"


def default_home() -> Path:
    """Return the folder of this checkout's state, or what BIFOCAL_HOME names."""
    given = os.environ.get("BIFOCAL_HOME")
    return Path(given).resolve() if given else PROJECT / ".bifocal"


def own_folder(path: Path, mode: int) -> Path:
    """Create a folder, refusing one that somebody else has put in its place."""
    with suppress(FileExistsError):
        path.mkdir(mode=mode)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise EmbeddedServiceError(f"{path} belongs to somebody else: remove it, or set BIFOCAL_HOME.")
    path.chmod(mode)
    return path


def fallback_folder(key: str) -> Path:
    """Return a folder that an ordinary user can reach, for a checkout in a place where it cannot go."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    return own_folder(FALLBACKS / f"bifocal-{digest}", 0o711)


class Home:
    """The folder of one set of servers: ports, secrets, locks, and their data below `root`."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_home()
        self.lock_file = self.path / "lock"
        self.users_file = self.path / "users.lock"

    def prepare(self) -> None:
        """Create the folder; only the service user may pass through it."""
        with full_disk_is_a_sentence(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            own_folder(self.path, 0o711 if service_user() else 0o700)

    def data_root(self, user: ServiceUser | None) -> Path:
        """Return where servers keep their data: here, or a fallback where the service user cannot come here."""
        if user is None or user.can("-x", self.path):
            return self.path
        root = fallback_folder(str(self.path))
        pointer, mark = self.path / "data_at.json", root / "token"
        known = read_json(pointer).get("token")
        if known is None or not mark.exists() or mark.read_text() != known:
            # Left by a checkout that stood here before: its data are not ours.
            remove_tree(root)
            own_folder(root, 0o711)
            known = secrets.token_hex(16)
            write_private(mark, known)
            write_json(pointer, {"path": str(root), "token": known})
        return root

    def secret(self, name: str) -> str:
        """Return a generated secret, made on first use."""
        known = read_json(self.path / "secrets.json")
        if name not in known:
            known[name] = secrets.token_urlsafe(32)
            write_json(self.path / "secrets.json", known)
        return str(known[name])

    @property
    def ports(self) -> dict[str, int]:
        """Return the ports used last time."""
        return read_json(self.path / "ports.json")

    def remember_port(self, name: str, port: int) -> None:
        """Keep a port, so that URLs stay the same from start to start."""
        write_json(self.path / "ports.json", {**self.ports, name: port})

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold this home alone; raises AlreadyRunning where another process does."""
        self.prepare()
        with full_disk_is_a_sentence(self.path), self.lock_file.open("a+") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyRunning(
                    f"Bifocal is already running on {self.path}{self._holder()}: stop it first (Ctrl-C there)."
                ) from None
            self._name_holder(str(os.getpid()))
            try:
                yield
            finally:
                (self.path / "services.json").unlink(missing_ok=True)
                self._name_holder("")

    def is_held(self) -> bool:
        """Say whether a live process holds this home."""
        try:
            with self.lock_file.open("a+") as handle:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    @contextmanager
    def used(self) -> Iterator[None]:
        """Be counted as a user of servers that another process holds."""
        with self.users_file.open("a+") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield

    def wait_for_users(self) -> None:
        """Wait until nobody else uses the servers."""
        with self.users_file.open("a+") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)

    def say_leaving(self) -> None:
        """Let others know that this holder is about to let go."""
        self._name_holder(f"{os.getpid()} {LEAVING}")

    def is_being_left(self) -> bool:
        """Say whether the holder is about to let go."""
        return LEAVING in self._read_holder()

    def _holder(self) -> str:
        pid = self._read_holder().partition(" ")[0]
        return f" (process {pid})" if pid else ""

    def _read_holder(self) -> str:
        with suppress(OSError):
            return (self.path / "holder.pid").read_text().strip()
        return ""

    def _name_holder(self, pid: str) -> None:
        with suppress(OSError):
            (self.path / "holder.pid").write_text(pid)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a file, empty where there is none or it was cut short."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Replace a file in one step; only its owner can read it."""
    write_private(path, json.dumps(value, indent=2) + "\n")


def write_private(path: Path, text: str, *, user: ServiceUser | None = None) -> None:
    """Replace a file in one step, readable by its owner alone."""
    with full_disk_is_a_sentence(path.parent):
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            handle.write(text)
        give(draft, user)
        draft.replace(path)


def remove_tree(path: Path) -> None:
    """Remove a folder without following links out of it."""
    for folder, folders, files in os.walk(path, topdown=False):
        for name in files:
            Path(folder, name).unlink()
        for name in folders:
            child = Path(folder, name)
            child.unlink() if child.is_symlink() else child.rmdir()
    path.rmdir()


@contextmanager
def full_disk_is_a_sentence(where: Path) -> Iterator[None]:
    """Turn the system's errors about our folder into one sentence."""
    try:
        yield
    except PermissionError as error:
        raise EmbeddedServiceError(f"{error.filename or where} cannot be written by this user.") from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise disk_full(where) from error
        if error.errno == errno.EROFS:
            raise EmbeddedServiceError(f"{where} cannot be written: the file system is read-only.") from error
        raise
