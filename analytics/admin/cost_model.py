"""Activities and rates in the admin."""

from __future__ import annotations

from django.contrib import admin

from analytics.models import CostActivity, CostRate
from core.admin import RecordAdmin
from core.admin.filters import RelatedFilter


@admin.register(CostActivity)
class CostActivityAdmin(RecordAdmin):
    """What is done for customers."""

    list_display = ("name", "key", "driver", "statement_line", "is_active")
    filters = ("driver", "statement_line", "is_active")


@admin.register(CostRate)
class CostRateAdmin(RecordAdmin):
    """What one unit costs, from when to when."""

    list_display = ("activity", "amount", "valid_from", "valid_to", "note")
    list_select_related = ("activity",)
    filters = (("activity", RelatedFilter),)
    search_fields = ("activity__name", "activity__key")
