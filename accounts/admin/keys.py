"""API keys. The key is shown once, when it is made or rotated."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminSelectMultipleWidget

from accounts import scopes
from accounts.admin.base import AccountAdmin
from accounts.models import ApiKey
from accounts.services.api_keys import api_keys
from core import clock
from core.admin.actors import actor_of
from core.admin.forms import RecordForm
from core.errors import DomainError


class ApiKeyForm(RecordForm):
    """Making a key is its own verb: the answer holds the secret."""

    scopes = forms.MultipleChoiceField(widget=UnfoldAdminSelectMultipleWidget)
    issued: dict[str, Any] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "scopes" in self.fields:
            self.fields["scopes"].choices = [(name, name) for name in scopes.known()]  # type: ignore[attr-defined]

    def write(self, values: dict[str, Any]) -> Any:
        if not self.is_new:
            return super().write(values)
        self.issued = api_keys.issue(
            actor=self.actor,
            at=self.at,
            name=values["name"],
            scopes=values["scopes"],
            user_id=UUID(values["user_id"]) if values.get("user_id") else None,
            expires_at=self.cleaned_data.get("expires_at"),
        )
        return ApiKey.objects.get(pk=self.issued["id"])


@admin.register(ApiKey)
class ApiKeyAdmin(AccountAdmin):
    """Keys by which programs call."""

    form = ApiKeyForm
    list_display = ("name", "prefix", "user", "scopes", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    asked = ("name", "user", "scopes", "expires_at")
    told = ("prefix", "last_used_at", "revoked_at", "created_at")
    actions = ("rotate", "revoke")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A key stays its user's."""
        fixed = super().get_readonly_fields(request, obj)
        return fixed if obj is None else [*fixed, "user"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Made by an operation, not by the plain verb."""
        return actor_of(request).may("api_key", "create")

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Tell the key; this page is the only place where it is ever shown."""
        if form.issued is not None:
            self._tell(request, form.issued)

    @admin.action(description="Replace the secret of the selected keys")
    def rotate(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Each gets a new secret; the old ones stop at once."""
        for key in queryset.order_by("pk"):
            try:
                self._tell(request, api_keys.rotate(actor=actor_of(request), at=clock.now(), record_id=key.pk))
            except DomainError as refusal:
                self.message_user(request, f"{key}: {refusal.detail}", messages.ERROR)

    @admin.action(description="Revoke the selected keys")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """They stop working, for good."""
        for key in queryset.order_by("pk"):
            try:
                api_keys.revoke(actor=actor_of(request), at=clock.now(), record_id=key.pk)
            except DomainError as refusal:
                self.message_user(request, f"{key}: {refusal.detail}", messages.ERROR)

    def _tell(self, request: HttpRequest, issued: dict[str, Any]) -> None:
        told = format_html("{}: <code>{}</code> Copy it now; it is not shown again.", issued["name"], issued["key"])
        self.message_user(request, told, messages.WARNING)
