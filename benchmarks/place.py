"""Where a measurement happens: servers of its own, a migrated and filled database, the product and the floor on it."""

from __future__ import annotations

import hashlib
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from core.embedded import Home, ports, running
from core.embedded.home import PROJECT, read_json, write_json
from core.embedded.services import Urls

READY_WITHIN = 60.0
# Counted and never refused: the same work for each request, and no end to them.
RATE_LIMIT = "1000000000"


@dataclass(frozen=True)
class Server:
    """A web server that answers."""

    name: str
    port: int
    pid: int


@contextmanager
def prepared(name: str) -> Iterator[Home]:
    """The services of a home of this name, Django set up on them as in production, and an up-to-date schema."""
    home = Home(PROJECT / ".bifocal" / name)
    with running(home) as services:
        os.environ.update(production(home, services.start()))
        django.setup()
        _migrate(home)
        yield home
        connection.close()


def production(home: Home, urls: Urls) -> dict[str, str]:
    """The environment of a production process behind a proxy that ends TLS."""
    return {
        **urls.settings(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "BIFOCAL_ENV": "production",
        "BIFOCAL_HOME": str(home.path),
        "SECRET_KEY": home.secret("django"),
        "PRIVACY_HASH_KEY": home.secret("privacy"),
        "ALLOWED_HOSTS": ports.LOOPBACK,
        "BASE_URL": f"https://{ports.LOOPBACK}",
        "BEHIND_PROXY": "true",
        "STATIC_ROOT": str(home.path / "static"),
        "RATE_LIMIT": RATE_LIMIT,
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _migrate(home: Home) -> None:
    """Bring the schema up; where migrations that have run were rewritten, begin anew."""
    state = home.path / "bench_state.json"
    ran, now = read_json(state).get("migrations"), _migrations()
    if isinstance(ran, str) or not (ran or {}).items() <= now.items():
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
    call_command("migrate", verbosity=0, interactive=False)
    write_json(state, {"migrations": now})


def _migrations() -> dict[str, str]:
    """A digest of each migration, by its app and name."""
    found = {}
    for config in sorted(apps.get_app_configs(), key=lambda one: one.label):
        for path in sorted(Path(config.path, "migrations").glob("*.py")):
            found[f"{config.label}/{path.name}"] = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return found


@contextmanager
def product(home: Home) -> Iterator[Server]:
    """The product, as it runs in production."""
    command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py"]
    with _serving(
        home, "product", command, {"BIFOCAL_PROCESS": "web", "WEB_WORKERS": "2"}, "/api/v1/nothing"
    ) as server:
        yield server


@contextmanager
def floor(home: Home) -> Iterator[Server]:
    """The bare application."""
    command = [sys.executable, "-m", "gunicorn", "--config", "benchmarks/floor_gunicorn.py"]
    with _serving(home, "floor", command, {}, "/nothing") as server:
        yield server


@contextmanager
def _serving(home: Home, name: str, command: list[str], extra: Mapping[str, str], probe: str) -> Iterator[Server]:
    port = ports.choose()
    log = home.path / f"{name}.log"
    with log.open("wb") as output:
        child = subprocess.Popen(
            [*command, "--bind", f"{ports.LOOPBACK}:{port}"],
            cwd=PROJECT,
            env={**os.environ, **extra},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait(child, port, probe, log)
        yield Server(name, port, child.pid)
    finally:
        child.terminate()
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait(child: subprocess.Popen[bytes], port: int, probe: str, log: Path) -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and child.poll() is None:
        with suppress(OSError, http.client.HTTPException):
            client = http.client.HTTPConnection(ports.LOOPBACK, port, timeout=5)
            client.request("GET", probe)
            client.getresponse().read()
            client.close()
            return
        time.sleep(0.1)
    raise SystemExit(f"The server does not start: see {log}.\n{log.read_text(errors='replace')[-2000:]}")
