"""Files with everything that a search finds, made for one person and kept for a few days."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from core.history.triggers import history_triggers
from core.models.record import Record, live_unique
from core.models.scope import Scope


class Export(Record):
    """One export. `actor` is who asked, as the worker finds them again; `reach` is what the file shows of whom."""

    entity = models.CharField(max_length=63, help_text="The kind of record.")
    format = models.CharField(max_length=10, help_text="The kind of file.")
    filter = models.JSONField(null=True, help_text="Which records: criteria; all, where it is left out.")
    q = models.CharField(max_length=200, null=True, help_text="Words that must stand in the main texts.")
    sort = models.JSONField(default=list, help_text='Field names, "-" before one for descending.')
    fields = models.JSONField(null=True, help_text="The columns: fields, company.name, custom.key; all, if left out.")
    deleted = models.BooleanField(default=False, help_text="The deleted records instead.")
    options = models.JSONField(default=dict, help_text="How the file is written.")
    job = models.ForeignKey("core.Job", models.PROTECT, related_name="+", help_text="The work, with its progress.")
    owner_id = models.UUIDField(null=True, help_text="The user who asked for it.")
    rows = models.PositiveIntegerField(null=True, help_text="Records in the file.")
    size = models.PositiveBigIntegerField(null=True, help_text="Bytes of the file.")
    expires_at = models.DateTimeField(null=True, help_text="When the file is thrown away.")
    path = models.CharField(max_length=200, default="")
    actor = models.JSONField(default=dict)
    reach = models.JSONField(default=dict)

    scope: ClassVar[Scope] = Scope(owner=("owner_id",))
    may_name: ClassVar[tuple[str, ...]] = ("filter", "q")

    class Meta:
        db_table = "core_export"
        triggers = history_triggers("export", hide=("path", "actor", "reach"))
        constraints = [live_unique("core", "export", "external_id")]
        indexes = [
            models.Index(fields=["owner_id", "id"], name="core_export_owner_idx"),
            models.Index(fields=["expires_at"], condition=~models.Q(path=""), name="core_export_expires_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.entity} as {self.format}"
