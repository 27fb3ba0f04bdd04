"""Looking for a word everywhere: in every table, whatever the column, in stored files and in the lake."""

# ruff: noqa: S608 - names of tables and files of our own

from __future__ import annotations

from pathlib import Path

import duckdb
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection

from core import encryption
from core.models import IdempotentRequest
from tests.support.cleaning import TABLES


def in_database(word: str) -> list[str]:
    """The tables in which the word stands, encrypted answers included."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        names = [name for (name,) in cursor.fetchall()]
        each = " UNION ALL ".join(
            f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\" t WHERE to_jsonb(t)::text ILIKE %(word)s)"
            for name in names
        )
        cursor.execute(each, {"word": f"%{word}%"})
        found = [name for (name,) in cursor.fetchall()]
    bodies = IdempotentRequest.objects.exclude(body=None).values_list("body", flat=True)
    answers = (encryption.decrypt("idempotency", bytes(body)).decode().lower() for body in bodies)
    return found + ["core_idempotent_request (encrypted)" for text in answers if word.lower() in text]


def in_files(word: str) -> list[str]:
    """The files of the storages in which the word stands, or that are called so."""
    paths = (path for alias in ("default", "ledger") for path in Path(storages[alias].path("")).rglob("*"))
    return [str(path) for path in paths if _holds(path, word)]


def _holds(path: Path, word: str) -> bool:
    return word.lower() in str(path).lower() or (path.is_file() and word.encode() in path.read_bytes())


def in_lake(word: str) -> list[str]:
    """The Parquet files, named by the manifest or not, in which the word stands."""
    found = []
    for path in Path(settings.LAKE_ROOT).rglob("*.parquet"):
        rows = duckdb.sql(f"SELECT 1 FROM (SELECT t::VARCHAR AS line FROM '{path}' AS t) WHERE line ILIKE '%{word}%'")
        if rows.fetchone() is not None:
            found.append(str(path))
    return found
