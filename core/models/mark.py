"""Marks of what changed for the lake; written by triggers in the writer's transaction, taken by the sync."""

from __future__ import annotations

from django.db import models


class DirtyMonth(models.Model):
    """A fact table whose rows of one month changed. Append-only: writers never wait for each other here."""

    id = models.BigAutoField(primary_key=True)
    fact = models.CharField(max_length=63)
    month = models.DateField(
        null=True, help_text="First day of the month; null for tables that are not split by month."
    )

    class Meta:
        db_table = "core_dirty_month"
        indexes = [models.Index(fields=["fact", "month"], name="core_dirty_month_idx")]
