"""Files that are imported, what is wrong with their rows, and mappings that are kept for the next file."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from core.history.triggers import history_triggers
from core.models.record import Record, live_unique
from core.models.scope import Scope


class Import(Record):
    """One file on its way to becoming records. It belongs to whoever sent it."""

    class Status(models.TextChoices):
        READY = "ready"
        CHECKING = "checking"
        CHECKED = "checked"
        COMMITTING = "committing"
        COMMITTED = "committed"
        CANCELLED = "cancelled"
        FAILED = "failed"

    name = models.CharField(max_length=255, help_text="The file's name.")
    entity = models.CharField(max_length=63, help_text="What its rows become.")
    format = models.CharField(max_length=20, help_text="The kind of file: csv, xlsx.")
    status = models.CharField(max_length=10, choices=Status, default=Status.READY)
    size = models.PositiveBigIntegerField(help_text="In bytes, as it came.")
    sha256 = models.CharField(max_length=64, help_text="Of the file as it came.")
    path = models.CharField(max_length=255, null=True, help_text="Where it is in the storage; null once it is gone.")
    signature = models.CharField(max_length=64, help_text="Of the names of its columns, whatever their order.")
    columns = models.JSONField(default=list, help_text="What each column holds, and what is suggested for it.")
    layout = models.JSONField(default=dict, help_text="How the file is read.")
    mapping = models.JSONField(default=dict, help_text="What becomes of each column, and constant values.")
    options = models.JSONField(default=dict, help_text="How it is to be read and written, as the user says.")
    questions = models.JSONField(default=list, help_text="What must be answered in the options before a commit.")
    notices = models.JSONField(default=list, help_text="What was found out about the file.")
    preview = models.JSONField(default=list, help_text="The first rows as they would be written.")
    report = models.JSONField(default=dict, help_text="What the last dry run or commit has done.")
    rows = models.PositiveIntegerField(null=True, help_text="Rows of data, once all have been read.")
    duplicate_of = models.ForeignKey("core.Import", models.SET_NULL, null=True, related_name="+", db_index=False)
    job_id = models.UUIDField(null=True, help_text="The job of the last dry run or commit.")
    owner_id = models.UUIDField(null=True, help_text="The user who sent it.")
    expires_at = models.DateTimeField(help_text="When the file and the rows with errors are thrown away.")

    scope: ClassVar[Scope] = Scope(owner=("owner_id",))
    may_name: ClassVar[tuple[str, ...]] = ("name", "mapping", "options")

    class Meta:
        db_table = "core_import"
        # What the rows hold is nobody's history.
        triggers = history_triggers("import", hide=("columns", "layout", "preview", "report", "notices", "questions"))
        indexes = [
            models.Index(fields=["owner_id", "id"], name="core_import_owner_idx"),
            models.Index(fields=["sha256", "id"], name="core_import_sha256_idx"),
            models.Index(fields=["expires_at"], name="core_import_expires_idx"),
        ]

    def __str__(self) -> str:
        return self.name


class ImportProblem(models.Model):
    """A row that could not be imported: its cells as they came, and what is wrong with it."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey("core.Import", models.CASCADE, related_name="problems", db_index=False)
    row = models.PositiveIntegerField()
    cells = models.JSONField()
    errors = models.JSONField()

    class Meta:
        db_table = "core_import_problem"
        indexes = [models.Index(fields=["source", "id"], name="core_import_problem_idx")]


class ImportMapping(Record):
    """A mapping with a name; it is proposed for every file with the same columns."""

    name = models.CharField(max_length=100)
    entity = models.CharField(max_length=63, help_text="What the rows become.")
    signature = models.CharField(max_length=64, null=True, help_text="Of the names of the columns it is for.")
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    owner_id = models.UUIDField(null=True, help_text="The user who keeps it.")

    scope: ClassVar[Scope] = Scope(owner=("owner_id",))
    may_name: ClassVar[tuple[str, ...]] = ("name", "mapping", "options")

    class Meta:
        db_table = "core_import_mapping"
        triggers = history_triggers("import_mapping")
        constraints = [live_unique("core", "import_mapping", "owner_id", "entity", "name")]
        indexes = [models.Index(fields=["entity", "signature", "id"], name="core_import_mapping_sig_idx")]

    def __str__(self) -> str:
        return self.name
