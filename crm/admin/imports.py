"""Imports and kept mappings."""

from __future__ import annotations

from django.contrib import admin

from core.admin import RecordAdmin
from core.models import Import, ImportMapping


@admin.register(Import)
class ImportAdmin(RecordAdmin):
    """Files that were sent, and how far they are."""

    list_display = ("name", "entity", "status", "rows", "created_at", "expires_at")
    filters = ("status", "entity")
    search_fields = ("name",)


@admin.register(ImportMapping)
class ImportMappingAdmin(RecordAdmin):
    """What becomes of the columns of files that come again."""

    list_display = ("name", "entity", "created_at")
    filters = ("entity",)
    search_fields = ("name",)
