"""Marks of what changed for the lake; written by triggers in the writer's transaction, taken by the sync."""

from __future__ import annotations

from django.db import models


class DirtyMonth(models.Model):
    """A row of a fact that changed, or a whole month of it. Append-only: writers never wait for each other here.

    Of a row: `row_id`, and the month in which it lay before or lies now, one mark for each. Without `row_id`, and
    without `month` where the fact is split: everything.
    """

    id = models.BigAutoField(primary_key=True)
    fact = models.CharField(max_length=63)
    month = models.DateField(
        null=True, help_text="First day of the month; null for tables that are not split by month."
    )
    row_id = models.UUIDField(null=True, help_text="The row that changed; null where all of the month may have.")
    moved = models.BooleanField(
        db_default=False, help_text="Whether its moment changed too, which facts of other tables follow."
    )

    class Meta:
        db_table = "core_dirty_month"
