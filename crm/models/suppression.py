"""Suppressions: addresses that are not written to, known by a keyed hash alone, so that they outlive erasure."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from core.history.triggers import history_triggers
from core.models.record import Record, live_unique
from crm.models import rules


class SuppressionChannel(models.TextChoices):
    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    POST = "post"
    PUSH = "push"
    WEB = "web"


class SuppressionReason(models.TextChoices):
    UNSUBSCRIBE = "unsubscribe"
    COMPLAINT = "complaint"
    BOUNCE = "bounce"
    ERASURE = "erasure"
    LEGAL = "legal"
    MANUAL = "manual"


class Suppression(Record):
    """One address of one channel. `address_hash` is HMAC-SHA256 under PRIVACY_HASH_KEY, in hexadecimal digits."""

    channel = models.CharField(max_length=8, choices=SuppressionChannel)
    address_hash = models.CharField(max_length=64, editable=False)
    reason = models.CharField(max_length=12, choices=SuppressionReason, default=SuppressionReason.MANUAL)
    source = models.CharField(max_length=64, null=True, blank=True, help_text="Where it came from: form, mail server.")
    at = models.DateTimeField(default=timezone.now, help_text="Since when.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Until when; null is for ever.")

    class Meta:
        db_table = "crm_suppression"
        triggers = history_triggers("suppression", hide=("address_hash",))
        constraints = [
            live_unique("crm", "suppression", "external_id"),
            live_unique("crm", "suppression", "channel", "address_hash"),
            rules.check(
                "suppression",
                "expiry_after",
                Q(expires_at__isnull=True) | Q(expires_at__gt=F("at")),
                "It must end after it began.",
            ),
        ]
        indexes = [
            rules.deleted("suppression"),
            rules.by("suppression", "address_hash"),
            rules.by("suppression", "reason"),
            rules.by("suppression", "at"),
            rules.by("suppression", "created_at"),
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.reason}"
