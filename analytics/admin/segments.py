"""Segments: their size and freshness in the list, members and growth beside the form, a button to refresh."""

from __future__ import annotations

from django.contrib import admin

from analytics.models import Segment, SegmentMembership
from core.admin import RecordAdmin
from core.admin.filters import RelatedFilter


@admin.register(Segment)
class SegmentAdmin(RecordAdmin):
    """What has gone wrong stands in the list, too."""

    list_display = ("name", "key", "kind", "status", "size", "refreshed_at", "parent", "owner", "error")
    list_select_related = ("parent", "owner")
    filters = ("kind", "status")
    badges = ("status",)
    search_fields = ("name", "key")
    leading_panels = ("members", "history")
    headline = ("key", "kind", "size", "refreshed_at", "error", "parent", "owner")

    def offers(self, operation: object, record: Segment) -> bool:
        """Only what is kept by hand is changed by hand."""
        by_hand = getattr(operation, "name", "") in ("add_segment_members", "remove_segment_members")
        return not by_hand or record.kind == "manual"


@admin.register(SegmentMembership)
class SegmentMembershipAdmin(RecordAdmin):
    """Who is in which segment, since when."""

    list_display = ("segment", "contact", "entered_at", "deleted_at")
    list_select_related = ("segment", "contact")
    search_fields = ("=segment__key",)
    filters = (("segment", RelatedFilter),)
