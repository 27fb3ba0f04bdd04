"""What the lake holds: its facts and their Parquet files. The manifest is the truth, the folder is not."""

from __future__ import annotations

from django.db import models


class LakeFact(models.Model):
    """A fact that has been copied, as which version of its declaration, and as of when it is equal to the database."""

    name = models.CharField(max_length=63, primary_key=True)
    version = models.CharField(max_length=64)
    synced_at = models.DateTimeField()

    class Meta:
        db_table = "analytics_lake_fact"

    def __str__(self) -> str:
        return self.name


class LakeFile(models.Model):
    """A file: of one month of a fact (`month` is null where the fact is not split), or the fact's delta.

    The delta has the present state of rows that changed since their months were written.
    """

    id = models.BigAutoField(primary_key=True)
    fact = models.CharField(max_length=63)
    month = models.DateField(null=True)
    is_delta = models.BooleanField(db_default=False)
    is_touched = models.BooleanField(
        db_default=False, help_text="Whether there may be rows in it that the delta has the present state of."
    )
    path = models.CharField(max_length=200, unique=True, help_text="Below the lake's root.")
    rows = models.BigIntegerField()
    bytes = models.BigIntegerField()
    synced_at = models.DateTimeField()

    class Meta:
        db_table = "analytics_lake_file"
        constraints = [
            models.UniqueConstraint(
                fields=["fact", "month", "is_delta"], nulls_distinct=False, name="analytics_lake_file_fact_month_uniq"
            ),
        ]

    def __str__(self) -> str:
        return self.path
