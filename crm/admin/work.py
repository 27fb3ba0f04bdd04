"""Tasks, notes and one's own notifications."""

from __future__ import annotations

from django.contrib import admin

from core.admin import PartsInline, RecordAdmin
from core.admin.filters import RelatedFilter
from crm.models import Note, NoteMention, Notification, Task


@admin.register(Task)
class TaskAdmin(RecordAdmin):
    """By owner, status and due date."""

    list_display = ("title", "kind", "status", "priority", "due_at", "owner", "contact", "company", "completed_at")
    list_select_related = ("owner", "contact", "company")
    filters = (
        "status",
        "kind",
        "priority",
        ("owner", RelatedFilter),
        ("contact", RelatedFilter),
        ("company", RelatedFilter),
    )


class NoteMentionInline(PartsInline):
    """Whom it mentions."""

    model = NoteMention
    columns = ("user", "created_at")
    related = ("user",)


@admin.register(Note)
class NoteAdmin(RecordAdmin):
    """By author and record."""

    list_display = ("__str__", "author", "contact", "company", "deal", "case", "order", "is_pinned", "created_at")
    list_select_related = ("author", "contact", "company", "deal", "case", "order")
    filters = (("author", RelatedFilter), ("contact", RelatedFilter), "is_pinned")
    inlines = (NoteMentionInline,)


@admin.register(Notification)
class NotificationAdmin(RecordAdmin):
    """What one was told."""

    list_display = ("title", "kind", "created_at", "read_at")
    search_fields = ("title",)
    filters = ("kind",)
