"""Search across everything, from the sidebar and from the keyboard (Ctrl+K): pages of the admin, then records.

Unfold's own search keeps its answers for minutes, so they outlive the right to see them, and reads all that match.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.dataclasses import SearchResult

from core.admin.base import SHORTEST_SEARCH, RecordAdmin
from core.admin.navigation import icon_of

PER_KIND = 5
MOST = 100
LONGEST = 200


def search(request: HttpRequest) -> HttpResponse:
    """Where to go for what was typed."""
    began = time.monotonic()
    text = request.GET.get("s", "").replace("\x00", "").strip()[:LONGEST]
    if not text:
        return HttpResponse()
    extended = "extended" in request.GET
    found = [*_pages(request, text.lower()), *(_records(request, text) if extended else ())]
    pages = Paginator(found, MOST)
    template = "unfold/helpers/command_results.html" if extended else "unfold/helpers/search_results.html"
    context = {"page_obj": pages, "results": pages.page(1), "page_counter": 0, "command_show_history": False}
    context["execution_time"] = time.monotonic() - began
    return TemplateResponse(request, template, context, headers={"HX-Trigger": "search"})


def _pages(request: HttpRequest, text: str) -> Iterator[SearchResult]:
    for app in admin.site.get_app_list(request):
        for model in app["models"]:
            if text in str(model["name"]).lower() and model["admin_url"]:
                icon = icon_of(model["model"]._meta.label_lower)
                yield SearchResult(str(model["name"]), "Page", model["admin_url"], icon)


def _records(request: HttpRequest, text: str) -> Iterator[SearchResult]:
    if max(map(len, text.split())) < SHORTEST_SEARCH:
        return
    for model, options in admin.site._registry.items():
        if not isinstance(options, RecordAdmin) or not options.entity.search_fields:
            continue
        if options.has_view_permission(request):
            yield from _of_kind(request, options, model, text)


def _of_kind(request: HttpRequest, options: Any, model: Any, text: str) -> Iterator[SearchResult]:
    rows = options.get_queryset(request).alive()
    found, _ = options.get_search_results(request, rows, text)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    for record in found[:PER_KIND]:
        yield SearchResult(
            str(record),
            str(model._meta.verbose_name),
            reverse(name, args=[record.pk]),
            icon_of(model._meta.label_lower),
        )


def urls() -> list[URLPattern]:
    """In place of the theme's."""
    return [path("search/", admin.site.admin_view(search), name="admin_search")]
