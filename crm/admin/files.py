"""Files: sent here as over the APIs, and fetched over these."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminFileFieldWidget

from core.admin import RecordAdmin, actor_of
from core.admin.filters import RelatedFilter
from core.admin.forms import RecordForm
from core.errors import Invalid
from core.registry.types import TypeFault, Upload
from crm.models import File
from crm.models.file import PLACES
from crm.services.files import files


class FileForm(RecordForm):
    """Sending a file is a verb of its own: what is sent is no column."""

    file = forms.FileField(widget=UnfoldAdminFileFieldWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_new:
            self.fields.pop("file", None)
        elif "name" in self.fields:
            # The sender's name will do.
            self.fields["name"].required = False

    def write(self, values: dict[str, Any]) -> Any:
        if not self.is_new:
            return super().write(values)
        try:
            sent = Upload(limit="file").parse(values.pop("file"))
        except TypeFault as fault:
            raise Invalid.one("/file", fault.code, str(fault)) from None
        given: dict[str, Any] = {
            name: UUID(value) if name.endswith("_id") and value else value for name, value in values.items()
        }
        return File.objects.get(pk=files.upload(actor=self.actor, at=self.at, file=sent, **given))


@admin.register(File)
class FileAdmin(RecordAdmin):
    """By record and type."""

    form = FileForm
    list_display = ("name", "media_type", "size", "contact", "company", "deal", "case", "order", "author", "created_at")
    list_select_related = ("contact", "company", "deal", "case", "order", "author")
    filters = (("contact", RelatedFilter), ("company", RelatedFilter))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A new one is asked for its content and its place."""
        return ["file", "name", "description", *PLACES, "note"] if obj is None else super().get_fields(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Made by an operation, not by the plain verb."""
        return actor_of(request).may("file", "create")
