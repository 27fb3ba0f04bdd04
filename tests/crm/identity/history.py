"""Random histories of contacts, their merges and their undoing; and what the tables hold."""

from __future__ import annotations

from typing import Any

from django.db import connection

from crm.models import Contact
from crm.services.merging.references import references_to

BOOKKEEPING = ("version", "updated_at")


def tables() -> tuple[str, ...]:
    """The contacts, and every table with rows that point at them."""
    own = str(Contact._meta.db_table)
    pointing = {reference.table for reference in references_to(Contact)}
    return (own, *sorted(pointing), "crm_consent_state")


def image() -> dict[str, dict[str, str]]:
    """Every row of those tables as text, by table and id; bookkeeping left out."""
    found: dict[str, dict[str, str]] = {}
    with connection.cursor() as cursor:
        for table in tables():
            query = f"SELECT id::text, (to_jsonb(t) - %s::text[])::text FROM {table} t"  # noqa: S608 - our own names
            cursor.execute(query, [list(BOOKKEEPING)])
            found[table] = dict(cursor.fetchall())
    return found


def differences(before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Rows that differ, by table."""
    return {
        f"{table} {key}": (before[table].get(key), after[table].get(key))
        for table in before
        for key in before[table].keys() | after[table].keys()
        if before[table].get(key) != after[table].get(key)
    }
