"""Parts of a record, shown on its page."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from core import registry
from core.admin.actors import actor_of


class PartsInline(TabularInline):  # type: ignore[misc]  # unfold is untyped
    """Read-only rows, written with the record they belong to; without the fields that the actor may not see."""

    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = False
    hide_title = True
    columns: ClassVar[tuple[str, ...]] = ()
    related: ClassVar[tuple[str, ...]] = ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        entity, actor = registry.entity(self.model.entity_name()), actor_of(request)
        hidden = {item.attribute for item in entity.fields if not entity.may_see(actor, item)}
        return [name for name in self.columns if name not in hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model._default_manager.visible_to(actor_of(request)).alive()
        return rows.select_related(*self.related).order_by("pk") if self.related else rows.order_by("pk")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return actor_of(request).may(self.model.entity_name(), "view")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
