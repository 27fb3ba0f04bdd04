"""The customer record at a million contacts, five million interactions and ten million events, over REST."""

from __future__ import annotations

import os
from collections.abc import Iterator
from uuid import UUID

from django.db import connection

from benchmarks import crowd, duplicates, place, seed, visitors
from benchmarks.latency import Client, Page, percentiles
from core.embedded import Home
from core.embedded.home import write_json
from crm.models import Contact

SIZE = seed.Size(contacts=1_000_000, companies=100_000, orders=300_000, interactions=300_000, deals=100_000)
CALLS = 400
# The crowd's contacts have the fewer interactions and events the later they come: these have about a thousand.
BUSY = slice(300, 700)
MERGES = 100
CLEARED = ("crm_duplicate_candidate",)


def run(home: Home) -> None:
    """Fill, measure, print, write `bench-record.json`."""
    seed.fill(SIZE)
    crowd.fill()
    found: dict[str, float] = {}
    for part in _parts(home):
        for name, value in part.items():
            print(f"{name:<44}{value:>14,.1f}", flush=True)
        found |= part
    write_json(home.path / "bench-record.json", found)


def _parts(home: Home) -> Iterator[dict[str, float]]:
    yield {"load": os.getloadavg()[0]}
    with place.product(home) as server:
        client = Client(server, seed.api_key())
        somebody, busy, busiest = _somebody(), _busy(BUSY), _busy(slice(0, 1))
        yield _feeds("timeline of somebody", client, somebody)
        yield _feeds("timeline of the busy", client, busy)
        yield _feeds("timeline of the busiest", client, busiest * CALLS)
        yield _of("duplicates of somebody", client, [Page("", "GET", _at(key, "duplicates")) for key in somebody])
        yield _of("data export of the busy", client, [Page("", "GET", _at(key, "data-export")) for key in busy[:50]])
        yield _merges("somebody", client, somebody)
        yield _merges("the busy", client, busy)
    yield {f"duplicates, {name}": value for name, value in duplicates.measure().items()}
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(CLEARED)}")
    yield {f"visitor, {name}": value for name, value in visitors.measure().items()}


def _somebody() -> list[UUID]:
    """Contacts from everywhere, always the same."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM crm_contact WHERE deleted_at IS NULL ORDER BY md5(id::text) LIMIT %s", [CALLS])
        return [key for (key,) in cursor.fetchall()]


def _busy(part: slice) -> list[UUID]:
    return list(Contact.objects.order_by("id").values_list("pk", flat=True)[part])


def _at(key: UUID, feed: str) -> str:
    return f"/api/v1/contacts/{key}/{feed}"


def _of(name: str, client: Client, pages: list[Page]) -> dict[str, float]:
    """Without the first call, which meets cold caches of plans."""
    times = [client.timed(page) for page in pages][1:]
    return {f"{name}, {figure}": value for figure, value in percentiles(times).items()}


def _feeds(name: str, client: Client, keys: list[UUID]) -> dict[str, float]:
    """The first page of 50, and the one after it."""
    first = [Page(name, "GET", f"{_at(key, 'timeline')}?limit=50") for key in keys]
    found = _of(name, client, first)
    further = []
    for page in first[:CALLS]:
        after = client.ask(page)["next"]
        if after:
            further.append(Page(name, "GET", f"{page.path}&after={after}"))
    return found | (_of(f"{name}, further on", client, further) if further else {})


def _merges(whose: str, client: Client, keys: list[UUID]) -> dict[str, float]:
    """One of two contacts into the other, each undone at once."""
    merged, undone = [], []
    for winner, loser in zip(keys[:MERGES], keys[-MERGES:], strict=True):
        body = {"contact_id": str(loser)}
        merged.append(client.timed(Page("merge", "POST", _at(winner, "merge"), body)))
        undone.append(client.timed(Page("unmerge", "POST", _at(winner, "unmerge"), body)))
    return {
        f"{name} of {whose}, {figure}": value
        for name, times in (("merge", merged), ("unmerge", undone))
        for figure, value in percentiles(times[1:]).items()
    }
