"""Latency at a million contacts: every list in every order, searches and feeds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks import place, seed
from benchmarks.latency import Client, Page, percentiles
from core import registry
from core.embedded import Home
from core.embedded.home import PROJECT
from core.registry.entities import Entity
from crm.models import Company, Contact

SIZE = seed.Size(
    contacts=1_000_000, companies=100_000, orders=300_000, interactions=300_000, deals=100_000
)  # fmt: skip
CALLS = 60
PAGES_DEEP = 5


def run(home: Home, *, only: Sequence[str]) -> None:
    """Measure the pages whose name contains one of `only` (all without), and write .bifocal/bench_million.json."""
    seed.fill(SIZE)
    results: dict[str, dict[str, float]] = {}
    with place.product(home) as server:
        client = Client(server, seed.api_key())
        print(f"{SIZE.contacts:,} contacts, one connection\n{'page':60}{'p50 ms':>9}{'p99 ms':>9}")
        for page in _pages(client):
            if only and not any(part in page.name for part in only):
                continue
            figures = results[page.name] = _measure(client, page)
            over = "" if figures["p99_ms"] <= page.limit_ms else "  over"
            print(f"{page.name:60}{figures['p50_ms']:9.1f}{figures['p99_ms']:9.1f}{over}", flush=True)
    if only:
        return
    path = home.path.parent / "bench_million.json"
    path.write_text(json.dumps(results, indent=2) + "\n")
    print(f"written to {path.relative_to(PROJECT)}")


def _measure(client: Client, page: Page) -> dict[str, float]:
    """Without the first call: it meets cold caches of plans and pages, as any first one does after a start."""
    return percentiles([client.timed(page) for _ in range(CALLS)][1:])


def _pages(client: Client) -> Iterator[Page]:
    for entity in registry.entities():
        yield from _lists(client, entity)
    yield from _searches()
    yield from _records()


def _lists(client: Client, entity: Entity) -> Iterator[Page]:
    """A list in each of its orders: the first page and one further on."""
    names = [item.name for item in entity.fields if item.sortable]
    for sort in ["", *(sign + name for name in names for sign in ("", "-"))]:
        path = f"/api/v1/{entity.plural}?limit=50{f'&sort={sort}' if sort else ''}"
        title = f"{entity.plural} by {sort or 'default'}"
        first = Page(title, "GET", path)
        cursor = client.ask(first)["next"]
        yield first
        deep = cursor
        for _ in range(PAGES_DEEP):
            deep = client.ask(Page(title, "GET", f"{path}&after={deep}"))["next"] if deep else None
        if deep:
            yield Page(f"{title}, further on", "GET", f"{path}&after={deep}")


def _searches() -> Iterator[Page]:
    """Criteria and quick searches, for the common and for the rare."""
    contact = Contact.objects.order_by("id")[SIZE.contacts // 3]
    conditions: dict[str, Any] = {
        "name contains a common name": {"field": "name", "op": "contains", "value": "garcia"},
        "name contains a rare text": {"field": "name", "op": "contains", "value": "zzyzx"},
        "name contains two letters": {"field": "name", "op": "contains", "value": "li"},
        "name starts with": {"field": "name", "op": "starts_with", "value": "Ada Kim"},
        "email is": {"field": "email", "value": contact.email},
        "email contains": {"field": "email", "op": "contains", "value": "kowalski.777"},
        "stage is": {"field": "lifecycle_stage", "value": "customer"},
        "source and region": {"and": [{"field": "source", "value": "fair"}, {"field": "region", "value": "Africa"}]},
        "country in": {"field": "country", "op": "in", "value": ["KE", "JP"]},
        "created within 30 days of the last": {"field": "created_at", "op": "gte", "value": "2026-01-10T00:00:00Z"},
        "tag": {"field": "tags", "op": "has", "value": "vip"},
        "company's industry": {"field": "company.industry", "value": "Pharma"},
        "has an order over 500": {
            "field": "orders", "op": "any", "where": {"field": "total", "op": "gt", "value": "500"},
        },
        "no interactions": {"field": "interactions", "op": "none", "where": {}},
        "not in a stage": {"not": {"field": "lifecycle_stage", "value": "lead"}},
    }  # fmt: skip
    for name, condition in conditions.items():
        yield Page(f"contacts where {name}", "POST", "/api/v1/contacts/search", {"filter": condition, "limit": 50})
    for words in ("garcia", "ada kim", "zzyzx", "kim.4711"):
        yield Page(f"contacts q={words}", "GET", f"/api/v1/contacts?q={words.replace(' ', '%20')}")
    for words in ("harbor", "zzyzx"):
        yield Page(f"companies q={words}", "GET", f"/api/v1/companies?q={words}")
    yield Page("deals q=robotics", "GET", "/api/v1/deals?q=robotics")
    yield Page("orders q=N0000123", "GET", "/api/v1/orders?q=N0000123")


def _records() -> Iterator[Page]:
    """Single records and their feeds, of somebody with much to tell."""
    contact, company = Contact.objects.order_by("id").first(), Company.objects.order_by("id").first()
    assert contact
    assert company
    for path in (f"contacts/{contact.pk}", f"companies/{company.pk}"):
        plural = path.partition("/")[0]
        yield Page(f"one of {plural}", "GET", f"/api/v1/{path}")
        for feed in ("timeline", "history"):
            yield Page(f"{feed} of one of {plural}", "GET", f"/api/v1/{path}/{feed}")
    query = "{ companies(first: 50) { edges { node { id name contacts(first: 5) { edges { node { id name } } } } } } }"
    yield Page("graphql, 50 companies x 5 contacts", "POST", "/graphql", {"query": query})
