"""Consents, purposes and suppressions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from core import clock
from core.admin import RecordAdmin
from core.admin.actors import actor_of
from core.admin.forms import RecordForm
from crm.models import Consent, ConsentPurpose, DataExport, Erasure, RetentionRule, Suppression
from crm.services import retention


@admin.register(ConsentPurpose)
class ConsentPurposeAdmin(RecordAdmin):
    """What people are addressed for."""

    list_display = ("name", "key", "legal_basis")


@admin.register(Consent)
class ConsentAdmin(RecordAdmin):
    """By contact, channel and purpose; only added to."""

    list_display = ("occurred_at", "contact", "channel", "purpose", "status", "legal_basis", "source", "expires_at")
    list_select_related = ("contact",)
    filters = ("channel", "status", "legal_basis")


class SuppressionForm(RecordForm):
    """The address is typed in once, and not kept."""

    address = forms.CharField(max_length=500, required=False, help_text="It is hashed and not kept.")


@admin.register(Suppression)
class SuppressionAdmin(RecordAdmin):
    """By channel and reason. Addresses are not kept, so they cannot be listed: ask for one over the API."""

    form = SuppressionForm
    list_display = ("channel", "reason", "source", "at", "expires_at")
    filters = ("channel", "reason")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """With the address where one is added."""
        shown = super().get_fields(request, obj)
        return shown if obj is not None else ["address", *shown]


@admin.register(DataExport)
class DataExportAdmin(RecordAdmin):
    """Who was given whose data."""

    list_display = ("at", "contact", "by", "format", "reason")
    list_select_related = ("contact",)


@admin.register(Erasure)
class ErasureAdmin(RecordAdmin):
    """Who was erased, and how far it has come."""

    list_display = ("at", "contact", "by", "reason", "is_suppressed", "completed_at")
    list_select_related = ("contact",)


@admin.register(RetentionRule)
class RetentionRuleAdmin(RecordAdmin):
    """What goes when it is old; how much that would be now is counted by an action of the list."""

    list_display = ("name", "entity", "moment", "keep_days", "action", "active", "last_run_at", "last_count")
    filters = ("active", "action")
    actions = ("dry_run_selected",)

    def dry_run_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Say to how many records each rule would apply now."""
        for rule in queryset.order_by("pk"):
            told = retention.dry_run(actor=actor_of(request), record_id=rule.pk, at=clock.now())
            self.message_user(request, f"{rule.name}: {told['count']} records.", messages.INFO)

    dry_run_selected.short_description = "Dry run"  # type: ignore[attr-defined]
