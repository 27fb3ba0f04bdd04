"""Rows that a computation stores: where each comes from, and what is known of the whole table."""

from __future__ import annotations

import pgtrigger
from django.db import models

# Set for the transaction in which a computation stores its rows; whatever else writes them is noted.
STORING = "bifocal.storing"


class Computed(models.Model):
    """Abstract: a row that a computation stored, with what it follows from."""

    as_of = models.DateTimeField(help_text="The moment these values look back from.")
    computed_at = models.DateTimeField(
        help_text="When these values were computed; a later computation that found the same left them."
    )
    definition_version = models.CharField(max_length=64, help_text="Digest of the definition that made them.")
    window = models.CharField(max_length=100, help_text="Which facts they look at.")

    class Meta:
        abstract = True


class StoredTable(models.Model):
    """A table as the last computation stored it: the file that it equals, so that the next finds what differs."""

    table = models.CharField(max_length=63, primary_key=True)
    path = models.CharField(max_length=200, help_text="Below the lake's root.")
    version = models.CharField(max_length=64, help_text="The step's version that made the file.")

    class Meta:
        db_table = "analytics_stored_table"

    def __str__(self) -> str:
        return self.table


class StoredElsewise(models.Model):
    """A contact whose stored rows were written by something else than a computation (an erasure, by hand)."""

    id = models.BigAutoField(primary_key=True)
    table = models.CharField(max_length=63)
    contact_id = models.UUIDField()

    class Meta:
        db_table = "analytics_stored_elsewise"
        indexes = [models.Index(fields=["table", "contact_id"], name="analytics_elsewise_idx")]


def stored_triggers(table: str) -> list[pgtrigger.Trigger]:
    """For `Meta.triggers` of a stored table with a column `contact_id`: note who is written by anything else."""
    return [
        _Note(table, "insert", pgtrigger.Insert, new="new_rows"),
        _Note(table, "update", pgtrigger.Update, old="old_rows", new="new_rows"),
        _Note(table, "delete", pgtrigger.Delete, old="old_rows"),
        _Truncated(table),
    ]


def _unless_storing(statement: str) -> str:
    return f"IF current_setting('{STORING}', true) IS DISTINCT FROM 'on' THEN {statement} END IF; RETURN NULL;"


class _Note(pgtrigger.Trigger):  # type: ignore[misc]  # pgtrigger is untyped
    def __init__(self, table: str, event: str, operation: object, *, old: str = "", new: str = "") -> None:
        rows = " UNION ".join(f"SELECT contact_id FROM {name}" for name in (old, new) if name)  # noqa: S608
        into = 'INSERT INTO analytics_stored_elsewise ("table", contact_id)'
        statement = f"{into} SELECT '{table}', r.contact_id FROM ({rows}) AS r;"  # noqa: S608
        super().__init__(
            name=f"stored_{event}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=pgtrigger.Referencing(old=old or None, new=new or None),
            func=_unless_storing(statement),
        )


class _Truncated(pgtrigger.Trigger):  # type: ignore[misc]  # pgtrigger is untyped
    def __init__(self, table: str) -> None:
        super().__init__(
            name="stored_truncate",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Truncate,
            func=f"DELETE FROM analytics_stored_table WHERE \"table\" = '{table}'; RETURN NULL;",  # noqa: S608
        )
