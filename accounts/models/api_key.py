"""Keys by which programs call the APIs as a user."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.history.triggers import history_triggers
from core.models.record import Record, live_unique
from core.models.scope import Scope


class ApiKey(Record):
    """A key acts as its user, within its scopes. Only the SHA-256 of the key is kept; `prefix` tells keys apart.

    After a rotation with overlap, the replaced key works until `previous_expires_at`.
    """

    user = models.ForeignKey(
        "accounts.User", on_delete=models.CASCADE, related_name="api_keys", help_text="Acts as them."
    )
    name = models.CharField(max_length=120, help_text="What it is for.")
    prefix = models.CharField(max_length=16, editable=False, help_text="The part of the key that is no secret.")
    digest = models.CharField(max_length=64, editable=False, unique=True)
    previous_digest = models.CharField(max_length=64, null=True, editable=False, unique=True)
    previous_expires_at = models.DateTimeField(null=True, editable=False)
    scopes = ArrayField(
        models.CharField(max_length=80),
        help_text="read, write, or <plural>:read and <plural>:write, such as contacts:read.",
    )
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When it stops working; null is never.")
    revoked_at = models.DateTimeField(null=True, editable=False, help_text="When it was withdrawn.")
    last_used_at = models.DateTimeField(null=True, editable=False, help_text="To the minute.")

    scope: ClassVar[Scope] = Scope(owner=("user_id",), team=("user__team_id",), partner=("user__partner_id",))

    class Meta:
        db_table = "accounts_api_key"
        verbose_name = "API key"
        constraints = [live_unique("accounts", "api_key", "external_id")]
        indexes = [models.Index(fields=["user", "id"], name="accounts_api_key_user_idx")]
        triggers = history_triggers("api_key", hide=("digest", "previous_digest", "last_used_at"))

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"
