"""Permissions of the admin: the actor's grants, and for one record their reach."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from core import registry
from core.admin.actors import actor_of
from core.models.record import Record
from core.registry.entities import Entity


class GrantedPermissions:
    """Mixed into a ModelAdmin."""

    model: type[Record]

    @property
    def entity(self) -> Entity:
        """The declaration."""
        return registry.entity(self.model.entity_name())

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "view", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "create")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (obj is None or obj.deleted_at is None) and self._may(request, "update", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (obj is None or obj.deleted_at is None) and self._may(request, "delete", obj)

    def has_restore_permission(self, request: HttpRequest) -> bool:
        """For the action."""
        return self._may(request, "restore")

    def _may(self, request: HttpRequest, action: str, obj: Record | None = None) -> bool:
        actor = actor_of(request)
        if action != "view" and (action not in self.entity.verbs or self.entity.writes is None):
            return False
        visibilities = actor.visibilities(self.entity.name, action)
        if obj is None or self.model.scope.sees_all(actor, visibilities):
            return bool(visibilities)
        known: dict[Any, bool] = request.__dict__.setdefault("_bifocal_may", {})
        key = (action, obj.pk)
        if key not in known:
            known[key] = self.model._default_manager.filter(pk=obj.pk).visible_to(actor, action).exists()
        return known[key]
