"""What the lake holds: its facts and the Parquet file of every month. The manifest is the truth, the folder is not."""

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
    """The file of one month of a fact; `month` is null where the fact is not split."""

    id = models.BigAutoField(primary_key=True)
    fact = models.CharField(max_length=63)
    month = models.DateField(null=True)
    path = models.CharField(max_length=200, unique=True, help_text="Below the lake's root.")
    rows = models.BigIntegerField()
    bytes = models.BigIntegerField()
    synced_at = models.DateTimeField()

    class Meta:
        db_table = "analytics_lake_file"
        constraints = [
            models.UniqueConstraint(
                fields=["fact", "month"], nulls_distinct=False, name="analytics_lake_file_fact_month_uniq"
            ),
        ]

    def __str__(self) -> str:
        return self.path
