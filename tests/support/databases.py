"""A migrated template database, and a copy of it for each worker."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import psycopg
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from psycopg import sql

LOCK = 7_412_006
PREFIX = "bifocal_template_"


def create_copy(worker: str, *, rebuild: bool) -> str:
    """Make the worker's database and point Django at it; return its name."""
    template = PREFIX + _fingerprint()
    name = f"test_{worker}_{os.getpid()}"
    with _admin() as admin:
        # One worker builds the template, the others wait for it.
        admin.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        if rebuild and not _is_built(admin, template, by_this_run=True):
            _drop(admin, template)
        if not _is_built(admin, template):
            _build(admin, template)
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    _use(name)
    return name


def drop_copy(name: str) -> None:
    """Remove the worker's database."""
    connection.close()
    # An autovacuum worker at work in it cannot be ended by us; the copy then goes with the servers' folder.
    with suppress(psycopg.errors.InsufficientPrivilege), _admin() as admin:
        _drop(admin, name)


def _build(admin: "psycopg.Connection[tuple[str]]", template: str) -> None:
    for (old,) in admin.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"]).fetchall():
        _drop(admin, old)
    draft = f"draft_{os.getpid()}"
    _drop(admin, draft)
    admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(draft)))
    _use(draft)
    call_command("migrate", verbosity=0, interactive=False)
    connection.close()
    # Only a whole one bears the name.
    admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(template)))
    admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(template), sql.Literal(_run())))


def _is_built(admin: "psycopg.Connection[tuple[str]]", template: str, *, by_this_run: bool = False) -> bool:
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    row = admin.execute(query, [template]).fetchone()
    return row is not None and (not by_this_run or row[0] == _run())


def _run() -> str:
    return os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))


def _fingerprint() -> str:
    """Return a digest of everything that migrations make a database from."""
    digest = hashlib.sha256(version("django").encode())
    for config in sorted(apps.get_app_configs(), key=lambda one: one.label):
        for path in sorted(Path(config.path, "migrations").rglob("*.*")):
            if path.suffix in {".py", ".sql"}:
                digest.update(f"{config.label}/{path.name}".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _drop(admin: "psycopg.Connection[tuple[str]]", name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _admin() -> "Iterator[psycopg.Connection[tuple[str]]]":
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        yield admin
