"""Long work with progress that can be seen, cancelled and resumed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from core.models.record import Record
from core.models.scope import Scope


class Job(Record):
    """One piece of long work. `state` is the worker's checkpoint: what is needed to go on after a kill."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    kind = models.CharField(max_length=63, help_text="What kind of work: recompute, import.")
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    total = models.PositiveIntegerField(null=True, help_text="Steps in all, where known.")
    done = models.PositiveIntegerField(default=0, help_text="Steps done.")
    message = models.CharField(max_length=500, default="", help_text="What is being done now, or what went wrong.")
    parameters = models.JSONField(default=dict)
    state = models.JSONField(default=dict)
    result = models.JSONField(null=True)
    cancel_requested = models.BooleanField(default=False)
    owner_id = models.UUIDField(null=True, help_text="The user who asked for it.")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)

    scope: ClassVar[Scope] = Scope(owner=("owner_id",))
    may_name: ClassVar[tuple[str, ...]] = ("message", "parameters", "state", "result")

    class Meta:
        db_table = "core_job"
        indexes = [models.Index(fields=["status", "id"], name="core_job_status_idx")]

    def __str__(self) -> str:
        return self.kind.replace("_", " ").capitalize()
