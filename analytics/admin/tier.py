"""Tiers in the admin."""

from __future__ import annotations

from django.contrib import admin

from analytics.models import TierChange, TierRule
from core.admin import RecordAdmin


@admin.register(TierRule)
class TierRuleAdmin(RecordAdmin):
    """What it takes to come into a tier, and to stay."""

    list_display = ("name", "rank", "measure", "window_days", "basis", "enter_at", "stay_at")
    filters = ("measure", "basis")


@admin.register(TierChange)
class TierChangeAdmin(RecordAdmin):
    """Who came into which tier, and when."""

    list_display = ("contact", "from_tier", "to_tier", "at")
    list_select_related = ("contact",)
    search_fields = ("contact__name", "contact__email")
