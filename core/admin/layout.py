"""What stands on a record's form, in which order and in which groups: from its declaration."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from core.admin import custom
from core.admin.actors import actor_of
from core.admin.permissions import GrantedPermissions

# What is said of the row, not of what it stands for, comes last.
ABOUT_THE_ROW = frozenset({"external_id", "created_at", "updated_at", "version", "deleted_at"})
# What nobody writes in a form.
TOLD = "Kept by the system"


class LayoutAdmin(GrantedPermissions, ModelAdmin):  # type: ignore[misc]  # unfold is untyped
    """Mixed into the admin of a kind of record."""

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Without the columns that the actor may not see."""
        actor = actor_of(request)
        hidden = {self._column(item.attribute) for item in self.entity.fields if not self.entity.may_see(actor, item)}
        return [name for name in super().get_list_display(request) if name not in hidden]

    def get_sortable_by(self, request: HttpRequest) -> list[str]:
        """Only what the APIs sort by as well: for these there are indexes."""
        if self.sortable_by is not None:
            return list(self.sortable_by)
        sortable = {item.attribute for item in self.entity.fields if item.sortable}
        return [name for name in self.get_list_display(request) if self._sorts_by(name) in sortable]

    def _sorts_by(self, name: Any) -> str:
        return str(getattr(getattr(self, str(name), None), "admin_order_field", None) or name)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Every stored field that the actor may see, in the order of the declaration."""
        actor = actor_of(request)
        names = [self._column(item.attribute) for item in self.entity.visible_fields(actor) if item.stored]
        hidden = {"id", "deleted_at"} if obj is None or obj.deleted_at is None else {"id"}
        known = {column.name for column in self.model._meta.get_fields()}
        shown = sorted((name for name in names if name in known - hidden), key=lambda name: name in ABOUT_THE_ROW)
        return shown if obj is not None else [name for name in shown if name not in self.get_readonly_fields(request)]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What can be written, custom fields with an input for each, and folded away what is only told."""
        fieldsets = self._told_apart(super().get_fieldsets(request, obj), request, obj)
        if not self._writes_custom(request, obj):
            return fieldsets
        column, names = str(self.entity.custom_column), [f"{custom.PREFIX}{key}" for key in self.entity.definitions()]
        kept = [
            (title, options | {"fields": [name for name in options["fields"] if name != column]})
            for title, options in fieldsets
        ]
        return [*kept[:1], ("Custom fields", {"fields": names}), *kept[1:]] if names else kept

    def _told_apart(self, fieldsets: Any, request: HttpRequest, obj: Any) -> Any:
        if obj is None or len(fieldsets) != 1 or not self.has_change_permission(request, obj):
            return fieldsets
        (title, options), told = fieldsets[0], set(self.get_readonly_fields(request, obj))
        written = [name for name in options["fields"] if name not in told]
        if not written or len(written) == len(options["fields"]):
            return fieldsets
        rest = [name for name in options["fields"] if name in told]
        return [(title, options | {"fields": written}), (TOLD, {"fields": rest, "classes": ["collapse"]})]

    def _writes_custom(self, request: HttpRequest, obj: Any) -> bool:
        column = self.entity.custom_column
        if column is None or not self.entity.may_see(actor_of(request), self.entity.by_name[column]):
            return False
        return self.has_add_permission(request) if obj is None else self.has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What a writer could not send over an API either."""
        return [
            self._column(item.attribute)
            for item in self.entity.fields
            if item.stored and (not item.writable or (obj is not None and item.create_only))
        ]

    def _keys(self) -> list[models.ForeignKey[Any, Any]]:
        return [column for column in self.model._meta.fields if isinstance(column, models.ForeignKey)]

    def _column(self, attribute: str) -> str:
        return next((key.name for key in self._keys() if key.attname == attribute), attribute)
