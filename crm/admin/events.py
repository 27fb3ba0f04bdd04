"""What programs saw customers do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from core.admin import RecordAdmin
from crm.models import Event


@admin.register(Event)
class EventAdmin(RecordAdmin):
    """By customer. There are millions: nothing is sorted or searched that no index leads to."""

    list_display = ("occurred_at", "name", "contact", "company", "source", "is_offline", "place", "value", "currency")
    list_display_links = ("occurred_at", "name")
    list_select_related = ("contact", "company")
    sortable_by = ("occurred_at",)
    filters = (("contact", AutocompleteSelectFilter), ("company", AutocompleteSelectFilter))

    def get_search_fields(self, request: HttpRequest) -> Sequence[Any]:
        """Customers are found on their own pages, and their events from there."""
        return ()
