"""The audit of signing in."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from core.models.record import Record
from core.models.scope import Scope


class SignInEvent(Record):
    """One attempt to sign in, or a sign-out, at `created_at`. Rows are only ever added."""

    class Kind(models.TextChoices):
        SUCCESS = "success"
        FAILURE = "failure"
        LOCKOUT = "lockout"
        LOGOUT = "logout"

    kind = models.CharField(max_length=10, choices=Kind)
    user = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="sign_ins")
    email = models.CharField(max_length=254, null=True, help_text="The address that was typed.")
    method = models.CharField(max_length=40, help_text="How: password, password+totp, webauthn.")
    ip = models.CharField(max_length=45, null=True, help_text="From where.")
    user_agent = models.CharField(max_length=300, null=True)

    scope: ClassVar[Scope] = Scope(owner=("user_id",), team=("user__team_id",), partner=("user__partner_id",))

    class Meta:
        db_table = "accounts_sign_in_event"
        verbose_name = "sign-in"
        indexes = [
            models.Index(fields=["user", "-id"], name="accounts_sign_in_user_idx"),
            models.Index(fields=["email", "-id"], name="accounts_sign_in_email_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.email}"
