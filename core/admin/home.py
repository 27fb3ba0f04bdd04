"""The home page of the admin: widgets that the apps put on it, each with what the signed-in person may see.

The page itself is made without a query; every widget is fetched by itself, so a slow one keeps nobody waiting, and is
kept for a moment for whoever may see the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from core import clock
from core.actors import Actor
from core.admin.actors import actor_of
from core.errors import DomainError

KEPT_SECONDS = 60
PLAIN = "core/admin/widgets/figures.html"
CHART = "core/admin/widgets/chart.html"
TABLE = "core/admin/widgets/table.html"


@dataclass(frozen=True)
class Widget:
    """Something to see at a glance.

    needs: (entity, action) pairs, all of which must be granted for the widget to be there.
    build: called as `build(actor=, at=)`; returns what the template shows, in plain values, for they are kept.
    span: how many of the page's twelve columns it takes. rank: its place, the lowest first.
    page: the dashboard that it is on; the home page if none is named.
    """

    key: str
    title: str
    needs: tuple[tuple[str, str], ...]
    build: Callable[..., Mapping[str, Any]]
    template: str
    span: int = 6
    rank: int = 100
    page: str = ""

    def is_for(self, actor: Actor) -> bool:
        return all(actor.may(entity, action) for entity, action in self.needs)


_widgets: dict[str, Widget] = {}
# Dashboards beside the home page: their titles, by what they are called in addresses.
_pages: dict[str, str] = {}


def page(key: str, title: str) -> str:
    """Open a dashboard of its own, at the address that an app gives to `dashboard`; its key, for its widgets."""
    _pages[key] = title
    return key


def add(*widgets: Widget) -> None:
    """Put widgets on the page; called once by each app's admin."""
    _widgets.update({widget.key: widget for widget in widgets})


def widgets_of(actor: Actor, page: str = "") -> list[Widget]:
    """What the actor finds on the home page, or on another, in order."""
    there = (item for item in _widgets.values() if item.page == page and item.is_for(actor))
    return sorted(there, key=lambda item: (item.rank, item.key))


def context(request: HttpRequest, found: dict[str, Any]) -> dict[str, Any]:
    """What the page needs (UNFOLD's DASHBOARD_CALLBACK)."""
    return found | {"widgets": widgets_of(actor_of(request)), "title": "Home"}


def dashboard(request: HttpRequest, key: str) -> HttpResponse:
    """A page of widgets beside the home page."""
    if key not in _pages:
        raise Http404
    widgets = widgets_of(actor_of(request), key)
    if not widgets:
        raise PermissionDenied
    found = {**admin.site.each_context(request), "widgets": widgets, "title": _pages[key]}
    return TemplateResponse(request, "admin/index.html", found)


def widget(request: HttpRequest, key: str) -> HttpResponse:
    """One widget, to be put into the page."""
    actor = actor_of(request)
    chosen = _widgets.get(key)
    if chosen is None or not chosen.is_for(actor):
        raise Http404
    return TemplateResponse(request, chosen.template, {"widget": chosen} | _built(chosen, actor, clock.now()))


def _built(chosen: Widget, actor: Actor, at: datetime) -> dict[str, Any]:
    name = f"home:{chosen.key}:{_reach(actor)}"
    found: dict[str, Any] | None = cache.get(name)
    if found is None:
        try:
            found = dict(chosen.build(actor=actor, at=at))
        except DomainError as refusal:
            return {"refusal": refusal.detail}
        cache.set(name, found, KEPT_SECONDS)
    return found


def _reach(actor: Actor) -> str:
    """Stands for everything that decides what an actor sees: grants that are taken away are felt at once."""
    grants = sorted((name, sorted(map(_told, held))) for name, held in actor.grants.items())
    parts = (actor.user_id, sorted(map(str, actor.team_ids)), actor.partner_id, actor.is_superuser, grants)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _told(grant: Any) -> tuple[str, list[str]]:
    return str(grant.visibility), sorted(grant.actions)


def urls() -> list[URLPattern]:
    """The address of the widgets, for staff."""
    return [path("home/<slug:key>/", admin.site.admin_view(widget), name="admin_home_widget")]
