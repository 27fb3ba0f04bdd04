"""The sidebar: every kind of record that the signed-in person may see, in the groups that the settings name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from core.admin.actors import actor_of

MORE = "More"
ICON = "database"
# By group, by label of a model ("crm.contact") or name of a view ("admin:index"): its icon, its title ("" for the
# model's own) and, of a view, the kind of record that one must be allowed to see.
Groups = Mapping[str, Mapping[str, tuple[str, str, str]]]


def groups() -> Groups:
    """What the settings say; kinds of records that they do not name stand at the end."""
    named: Groups = settings.ADMIN_NAVIGATION
    return {**named, **_left_out()}


@cache
def _left_out() -> Groups:
    placed = {label for items in settings.ADMIN_NAVIGATION.values() for label in items}
    rest = {
        model._meta.label_lower: (ICON, "", "")
        for model in admin.site._registry
        if model._meta.label_lower not in placed
    }
    return {MORE: rest} if rest else {}


def icon_of(label: str) -> str:
    """The symbol by which a kind of record is known."""
    return next((items[label][0] for items in groups().values() if label in items), ICON)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """For UNFOLD's SIDEBAR: groups without anything to see are left out."""
    shown: list[dict[str, Any]] = []
    for title, items in groups().items():
        links = [link for label, item in items.items() if (link := _link(request, label, *item))]
        if links:
            shown.append({"title": title, "separator": bool(shown), "items": links})
    return shown


def _link(request: HttpRequest, label: str, icon: str, text: str, entity: str) -> dict[str, Any] | None:
    if ":" in label:
        if entity and not actor_of(request).may(entity, "view"):
            return None
        address = reverse(label)
        return {"title": text, "icon": icon, "link": address, "active": request.path == address}
    options = _registered().get(label)
    if options is None or not options.has_view_permission(request):
        return None
    meta = options.model._meta
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    title = text or str(meta.verbose_name_plural)
    active = request.path.startswith(address) and not _is_view(request.path)
    return {"title": title[:1].upper() + title[1:], "icon": icon, "link": address, "active": active}


def _is_view(address: str) -> bool:
    """Whether another link of the sidebar leads exactly there."""
    return any(":" in label and address == reverse(label) for items in groups().values() for label in items)


@cache
def _registered() -> Mapping[str, Any]:
    return {model._meta.label_lower: options for model, options in admin.site._registry.items()}
