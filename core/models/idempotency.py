"""Requests that carried an idempotency key, and the answers they got."""

from __future__ import annotations

from django.db import models


class IdempotentRequest(models.Model):
    """One key of one caller. The answer is kept for a day; `status` null means it is still being processed."""

    id = models.BigAutoField(primary_key=True)
    caller = models.CharField(max_length=80)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    locked_until = models.DateTimeField()

    class Meta:
        db_table = "core_idempotent_request"
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="core_idempotent_request_uniq")]
        indexes = [models.Index(fields=["created_at"], name="core_idempotent_created_idx")]
