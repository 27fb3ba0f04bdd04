"""Tags and custom fields."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ChoiceField
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget

from core import registry
from core.admin import RecordAdmin
from crm.models import CustomField, Tag


@admin.register(Tag)
class TagAdmin(RecordAdmin):
    """Renaming and deleting a tag changes the marked records too."""

    list_display = ("name", "colour")


@admin.register(CustomField)
class CustomFieldAdmin(RecordAdmin):
    """Fields that the organisation adds."""

    list_display = ("label", "entity", "key", "type", "required", "indexed", "indexed_at", "position")
    filters = ("type", "required", "indexed")
    ordering = ("entity", "position", "key")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Kinds of record are chosen, not typed."""
        if db_field.name not in ("entity", "target"):
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        every = [entity for entity in registry.entities() if db_field.name == "target" or entity.custom_column]
        choices = [(entity.name, entity.name.replace("_", " ").capitalize()) for entity in every]
        return ChoiceField(
            choices=[("", "---------"), *choices],
            widget=UnfoldAdminSelectWidget(),
            required=db_field.name == "entity",
            help_text=db_field.help_text,
        )
