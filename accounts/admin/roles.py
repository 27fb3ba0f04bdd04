"""Roles, with a table of what they grant."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe

from accounts.admin.base import AccountAdmin
from accounts.models import Role
from core import registry
from core.actors import Visibility
from core.admin.forms import RecordForm

# The widest first: where several reach an action, that one counts.
_ORDER = (Visibility.ALL, Visibility.TEAM, Visibility.OWN, Visibility.PARTNER)
Cells = dict[tuple[str, str], str]


class GrantsWidget(forms.Widget):
    """For each action on each kind of record, to which records it reaches."""

    template_name = "accounts/grants.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Rows of things, cells of actions."""
        cells: Cells = value or {}
        rows = [
            {
                "entity": entity,
                "cells": [
                    {"name": f"{name}:{entity}:{action}", "action": action, "value": cells.get((entity, action), "")}
                    for action in actions
                ],
            }
            for entity, actions in registry.grantable().items()
        ]
        context = super().get_context(name, None, attrs)
        return context | {"rows": rows, "visibilities": [item.value for item in _ORDER]}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Cells:
        """What was chosen, by thing and action."""
        return {
            (entity, action): data[f"{name}:{entity}:{action}"]
            for entity, actions in registry.grantable().items()
            for action in actions
            if data.get(f"{name}:{entity}:{action}")
        }

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """An empty table is an answer."""
        return False


class GrantsField(forms.Field):
    """The table as the service takes it: a list of grants."""

    widget = GrantsWidget

    def clean(self, value: Any) -> list[dict[str, Any]]:
        """Actions by entity and visibility."""
        grouped: dict[tuple[str, str], list[str]] = {}
        for (entity, action), visibility in sorted((value or {}).items()):
            grouped.setdefault((entity, visibility), []).append(action)
        return [
            {"entity": entity, "visibility": visibility, "actions": actions}
            for (entity, visibility), actions in grouped.items()
        ]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compared cell by cell."""
        return (initial or {}) != (data or {})


class RoleForm(RecordForm):
    """With grants."""

    grants = GrantsField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_new:
            self.initial["grants"] = _cells(self.instance)


def _cells(role: Role) -> Cells:
    cells: Cells = {}
    for grant in sorted(role.grants.all(), key=lambda item: _ORDER.index(Visibility(item.visibility)), reverse=True):
        cells |= {(grant.entity, action): grant.visibility for action in grant.actions}
    return cells


@admin.register(Role)
class RoleAdmin(AccountAdmin):
    """Sets of grants."""

    form = RoleForm
    list_display = ("name", "key", "description", "built_in")
    filters = ("built_in",)
    ordering = ("name",)
    asked = ("key", "name", "description", "grants")

    @admin.display(description="Grants")
    def grants(self, role: Role) -> str:
        """For those who may only look: there is no table to fill in."""
        return format_html_join(mark_safe("<br>"), "{}", ((str(item),) for item in role.grants.order_by("entity")))
