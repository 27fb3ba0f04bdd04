"""Events that were published in the writer's transaction and wait to be handed to subscribers."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.ids import new_id


class OutboxEvent(models.Model):
    """One event. `sequence` orders them; `done` names the subscribers that have dealt with it.

    `handed_at` is set once all have, or once the last attempt failed (`failed` then names who did not).
    """

    sequence = models.BigAutoField(primary_key=True)
    id = models.UUIDField(default=new_id, editable=False, unique=True)
    name = models.CharField(max_length=100)
    payload = models.JSONField()
    actor_kind = models.CharField(max_length=20)
    actor_id = models.UUIDField(null=True)
    occurred_at = models.DateTimeField()
    handed_at = models.DateTimeField(null=True)
    done = ArrayField(models.CharField(max_length=100), default=list)
    failed = ArrayField(models.CharField(max_length=100), default=list)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="")

    class Meta:
        db_table = "core_outbox"
        indexes = [
            models.Index(
                fields=["sequence"], condition=models.Q(handed_at__isnull=True), name="core_outbox_waiting_idx"
            ),
            models.Index(
                fields=["handed_at"], condition=models.Q(handed_at__isnull=False), name="core_outbox_handed_idx"
            ),
        ]
