"""The pages of the admin on the database of `record`: lists in every order, filters, searches, forms, tabs, choices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.core.management import call_command
from django.test import RequestFactory

from benchmarks import crowd, place, record, seed
from benchmarks.latency import Client, Page, percentiles
from core.actors import SYSTEM
from core.admin import home as home_page
from core.admin.base import RecordAdmin
from core.embedded import Home
from core.embedded.home import write_json

LIMIT_MS = 300.0
CALLS = 30
# Of kinds with fewer records the list and the forms will do.
LARGE = 10_000
# Where leafing ends.
LAST_PAGE = 333
COMMON, RARE = "kim", "zzyzx"


def run(home: Home, *, only: Sequence[str]) -> None:
    """Measure the pages whose name contains one of `only` (all without), and write `bench-admin.json`."""
    seed.fill(record.SIZE)
    crowd.fill()
    call_command("collectstatic", verbosity=0, interactive=False)
    found: dict[str, dict[str, float]] = {}
    with place.product(home) as server:
        client = Client(server, seed.api_key(), _session())
        print(f"{'page':72}{'p50 ms':>9}{'p99 ms':>9}")
        for page in pages():
            if (only and not any(part in page.name for part in only)) or not client.offers(page):
                continue
            figures = found[page.name] = percentiles([_timed(client, page) for _ in range(CALLS + 1)][1:])
            over = "" if figures["p99_ms"] <= page.limit_ms else "  over"
            print(f"{page.name:72}{figures['p50_ms']:9.1f}{figures['p99_ms']:9.1f}{over}", flush=True)
    if not only:
        write_json(home.path / "bench-admin.json", found)


def _timed(client: Client, page: Page) -> float:
    """What is kept for a minute is made anew each time."""
    if page.path.startswith("/admin/home/"):
        cache.clear()
    return client.timed(page)


def pages() -> Iterator[Page]:
    """Every page that an administrator can open."""
    yield _page("home", "/admin/")
    for widget in home_page.widgets_of(SYSTEM):
        yield _page(f"home: {widget.key}", f"/admin/home/{widget.key}/")
    for board in ("deal", "case"):
        yield _page(f"board of {board}s", f"/admin/crm/{board}/board/")
    for words in (COMMON, RARE):
        yield _page(f"search everywhere for {words}", f"/admin/search/?s={words}&extended=1")
    for model, options in sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label_lower):
        if isinstance(options, RecordAdmin):
            yield from _of_kind(model, options)


def _of_kind(model: Any, options: RecordAdmin) -> Iterator[Page]:
    base, name = f"/admin/{model._meta.app_label}/{model._meta.model_name}/", model._meta.model_name
    yield _page(f"{name}: list", base)
    yield _page(f"{name}: form of a new one", f"{base}add/")
    row = model._default_manager.order_by("pk").first()
    if row is not None:
        yield _page(f"{name}: form", f"{base}{row.pk}/change/")
    if row is not None and model._default_manager.all()[:LARGE].count() == LARGE:
        yield from _of_many(options, base, name, row)


def _of_many(options: RecordAdmin, base: str, name: str, row: Any) -> Iterator[Page]:
    """What only a large table can make slow."""
    found = _Listed(options, base)
    for number, column in enumerate(found.list_display):
        if number in found.sortable:
            yield _page(f"{name}: list by {column}", f"{base}?o={number}")
    for query in found.filters:
        yield _page(f"{name}: list with {query}", f"{base}?{query}")
    for words in (COMMON, RARE):
        yield _page(f"{name}: search for {words}", f"{base}?q={words}")
    yield _page(f"{name}: last page", f"{base}?p={LAST_PAGE}")
    for panel in options.panels_of(SYSTEM):
        yield _page(f"{name}: tab {panel.name}", f"{base}{row.pk}/panel/{panel.name}/")
    for field in options.get_autocomplete_fields(found.request):
        where = {"app_label": row._meta.app_label, "model_name": name, "field_name": field}
        for words in ("", COMMON):
            query = urlencode({**where, "term": words})
            yield _page(f"{name}: choices of {field} {words}".strip(), f"/admin/autocomplete/?{query}")


class _Listed:
    """What a list can be sorted and filtered by."""

    def __init__(self, options: RecordAdmin, base: str) -> None:
        self.request = RequestFactory().get(base)
        self.request.user = seed.administrator()
        shown = options.get_changelist_instance(self.request)
        self.list_display = shown.list_display
        self.sortable = {number for number, name in enumerate(shown.list_display) if shown.get_ordering_field(name)}
        self.filters = [
            query
            for spec in shown.filter_specs
            for choice in spec.choices(shown)
            if (query := str(choice.get("query_string", "")).lstrip("?"))
        ]


def _page(name: str, path: str) -> Page:
    return Page(f"admin {name}", "GET", path, limit_ms=LIMIT_MS)


def _session() -> str:
    """The cookie of an administrator who has signed in."""
    user, session = seed.administrator(), SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)
