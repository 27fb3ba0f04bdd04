"""Exports: who asked for which files, and how far they are."""

from __future__ import annotations

from django.contrib import admin

from core.admin.base import RecordAdmin
from core.models.export import Export


@admin.register(Export)
class ExportAdmin(RecordAdmin):
    """The files are fetched over the APIs, which look again at what their asker may see."""

    list_display = ("created_at", "entity", "format", "rows", "size", "expires_at")
    filters = ("entity", "format")
