"""Consents, purposes and suppressions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from core.admin import RecordAdmin
from core.admin.forms import RecordForm
from crm.models import Consent, ConsentPurpose, Suppression


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
