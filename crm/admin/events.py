"""What customers did, how they came, what happened in their lives, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core.admin import RecordAdmin
from core.admin.filters import RelatedFilter
from crm.models import Event, LifecycleRule, LifeEvent, LifeEventKind, Referral, Touch


@admin.register(Event)
class EventAdmin(RecordAdmin):
    """By customer. There are millions: nothing is sorted or searched that no index leads to."""

    list_display = ("occurred_at", "name", "contact", "company", "source", "is_offline", "place", "value", "currency")
    list_display_links = ("occurred_at", "name")
    list_select_related = ("contact", "company")
    sortable_by = ("occurred_at",)
    filters = (("contact", RelatedFilter), ("company", RelatedFilter))

    def get_search_fields(self, request: HttpRequest) -> Sequence[Any]:
        """Customers are found on their own pages, and their events from there."""
        return ()


@admin.register(Touch)
class TouchAdmin(RecordAdmin):
    """By customer and campaign."""

    list_display = ("occurred_at", "contact", "source", "medium", "campaign_code", "channel", "cost", "currency")
    list_display_links = ("occurred_at", "source")
    list_select_related = ("contact",)
    sortable_by = ("occurred_at",)
    filters = (("contact", RelatedFilter),)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """By the whole code of a campaign: an index leads to it."""
        code = search_term.replace("\x00", "").strip()
        return (queryset.filter(campaign_code=code) if code else queryset), False


@admin.register(Referral)
class ReferralAdmin(RecordAdmin):
    """By who recommended us to whom."""

    list_display = ("occurred_at", "referrer", "referred", "status", "is_counted", "channel", "reward", "currency")
    list_select_related = ("referrer", "referred")
    sortable_by = ("occurred_at",)
    filters = ("status", ("referrer", RelatedFilter), ("referred", RelatedFilter))


@admin.register(LifeEventKind)
class LifeEventKindAdmin(RecordAdmin):
    """The list is the organisation's own."""

    list_display = ("name", "key", "description")


@admin.register(LifeEvent)
class LifeEventAdmin(RecordAdmin):
    """By customer."""

    list_display = ("occurred_on", "contact", "kind", "source", "confidence")
    list_display_links = ("occurred_on", "kind")
    list_select_related = ("contact",)
    sortable_by = ("occurred_on",)
    filters = (("contact", RelatedFilter),)


@admin.register(LifecycleRule)
class LifecycleRuleAdmin(RecordAdmin):
    """In the order in which they are tried."""

    list_display = ("rank", "name", "trigger", "match", "order_count", "to_stage", "forward_only", "is_active")
    list_display_links = ("rank", "name")
    ordering = ("rank",)
    filters = ("is_active", "trigger", "to_stage")
