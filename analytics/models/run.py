"""Computations that were made: of which definition, as of when, over what, and what came of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from core.models.record import Record
from core.models.scope import OPEN, Scope


class MetricRun(Record):
    """One computation of one step, as part of a job. `version` of the record is not the definition's."""

    class Status(models.TextChoices):
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    definition = models.CharField(max_length=63, help_text="The name of the definition or model.")
    definition_version = models.CharField(max_length=64, help_text="Digest of the definition and of what it reads.")
    as_of = models.DateTimeField(help_text="The moment that it looks back from.")
    window = models.CharField(max_length=100, help_text="Which facts it looks at.")
    parameters = models.JSONField(default=dict, help_text="Further parameters it was given.")
    is_live = models.BooleanField(
        default=True, help_text="Whether it became what is shown of contacts; a replay of the past does not."
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    lake_synced_at = models.DateTimeField(null=True, help_text="The lake was equal to the database as of then.")
    rows = models.PositiveBigIntegerField(null=True, help_text="Rows computed.")
    changed = models.PositiveBigIntegerField(null=True, help_text="Stored rows that were added, changed or removed.")
    error = models.CharField(max_length=500, null=True, help_text="Why it failed.")
    job = models.ForeignKey(
        "core.Job", models.SET_NULL, null=True, related_name="+", help_text="The work it was a part of."
    )

    scope: ClassVar[Scope] = OPEN

    class Meta:
        db_table = "analytics_metric_run"
        constraints = [models.UniqueConstraint(fields=["job", "definition"], name="analytics_metric_run_job_uniq")]
        indexes = [models.Index(fields=["definition", "status", "-id"], name="analytics_metric_run_last_idx")]

    def __str__(self) -> str:
        return f"{self.definition} as of {self.as_of:%Y-%m-%d}"


class MetricResult(models.Model):
    """The answer of a run whose answer is about all customers at once: a list of rows, amounts as strings."""

    run = models.OneToOneField(MetricRun, models.CASCADE, primary_key=True, related_name="result")
    rows = models.JSONField()

    class Meta:
        db_table = "analytics_metric_result"
