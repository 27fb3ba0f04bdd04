"""Tags and custom fields."""

from __future__ import annotations

from django.contrib import admin

from core.admin import RecordAdmin
from crm.models import CustomField, Tag


@admin.register(Tag)
class TagAdmin(RecordAdmin):
    """Renaming and deleting a tag changes the marked records too."""

    list_display = ("name", "colour")


@admin.register(CustomField)
class CustomFieldAdmin(RecordAdmin):
    """Fields that the organisation adds."""

    list_display = ("label", "entity", "key", "type", "required")
    filters = ("entity", "type")
