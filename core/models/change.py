"""The history of every change of every record; rows are written by database triggers, bulk writes included."""

from __future__ import annotations

from django.db import models


class Change(models.Model):
    """One insert, update or delete of one row: who, by which door, and the columns that changed, before and after."""

    class Operation(models.TextChoices):
        INSERT = "insert"
        UPDATE = "update"
        DELETE = "delete"

    id = models.BigAutoField(primary_key=True)
    entity = models.CharField(max_length=63)
    record_id = models.UUIDField()
    operation = models.CharField(max_length=6, choices=Operation)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    actor_kind = models.CharField(max_length=20)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=254)
    door = models.CharField(max_length=20)
    request_id = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        db_table = "core_change"
        indexes = [models.Index(fields=["record_id", "-id"], name="core_change_record_idx")]
