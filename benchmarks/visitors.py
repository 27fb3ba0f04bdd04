"""A visitor with a hundred thousand events who turns out to be somebody, and then not; and events tied as they come."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from typing import Any

from django.db import connection

from benchmarks import crowd, seed
from benchmarks.people import BEGAN, DAYS
from core.actors import SYSTEM
from core.clock import now
from core.embedded import Home
from core.embedded.home import write_json
from crm.models import Contact, Event, Identifier, Tie
from crm.services import event_partitions, identity, ties
from crm.services.contacts import contacts
from crm.services.events import events

EVENTS = 100_000
SIZE = seed.Size(contacts=2_000, companies=200, orders=500, interactions=500, deals=200)
SETS, SET = 10, 1_000
VISITOR, KNOWN = "visitor of a benchmark", "known visitor of a benchmark"

_EVENTS = f"""
    INSERT INTO crm_event (id, created_at, updated_at, version, name, occurred_at, received_at, anonymous_id,
                           source, is_offline, properties, context)
    SELECT gen_random_uuid(), r.at, r.at, 1, 'Page Viewed', r.at, r.at, r.who, 'web', false,
           jsonb_build_object('page', r.n %% 500), '{{}}'
    FROM (SELECT n, timestamptz '{BEGAN:%Y-%m-%d} 00:00+00' + make_interval(secs => random() * {DAYS * 86_400}) AS at,
                 CASE WHEN n <= %s THEN %s ELSE 'visitor ' || n %% 1000 END AS who
          FROM generate_series(1, %s) AS n) r
"""  # noqa: S608 - of constants


def run(home: Home) -> None:
    """Fill, measure, print, write `bench-visitors.json`."""
    seed.fill(SIZE)
    found = measure(others=EVENTS * 4)
    for name, value in found.items():
        print(f"{name:<44}{value:>14,.1f}")
    write_json(home.path / "bench-visitors.json", found)


def measure(*, others: int = 0) -> dict[str, float]:
    """Seconds, MiB that this process grew by, and events per second; what is made for it is gone afterwards.

    others: events of other visitors to be made beside, where there are none yet.
    """
    event_partitions.ensure(crowd.MONTHS)
    contact = contacts.create(actor=SYSTEM, values={"last_name": "Visitor"}, at=now())
    try:
        with connection.cursor() as cursor:
            cursor.execute(_EVENTS, [EVENTS, VISITOR, EVENTS + others])
            cursor.execute("VACUUM ANALYZE crm_event")
        return {**_of_visitor(contact), **_of_arrivals(contact)}
    finally:
        _clear(contact)


def _of_visitor(contact: Contact) -> dict[str, float]:
    """Identified, untied, and identified again, when all of it is found to be decided."""

    def identify() -> None:
        identity.identify(actor=SYSTEM, record_id=contact.pk, at=now(), anonymous_id=VISITOR)

    found = _timed("identify", identify)
    tie = Tie.objects.get(contact=contact, kind="visitor")
    assert tie.counts == {"event": EVENTS}, tie.counts
    found |= _timed("untie", lambda: ties.untie(actor=SYSTEM, record_id=tie.pk, at=now()))
    found |= _timed("identify again", identify)
    assert not Event.objects.filter(contact=contact).exists()
    return found


def _of_arrivals(contact: Contact) -> dict[str, float]:
    """Sets of events that name the contact, that name nobody known, and that are found to be the contact's."""
    identity.identify(actor=SYSTEM, record_id=contact.pk, at=now(), anonymous_id=KNOWN)
    found = {}
    for name, values in (
        ("named", {"contact_id": str(contact.pk)}),
        ("of nobody known", {"anonymous_id": "nobody known"}),
        ("tied as they come", {"anonymous_id": KNOWN}),
    ):
        items = [{"name": "Page Viewed", "properties": {"path": "/"}, **values} for _ in range(SET)]
        events.create_set(actor=SYSTEM, items=items, at=now())
        began = time.perf_counter()
        for _ in range(SETS):
            events.create_set(actor=SYSTEM, items=items, at=now())
        found[f"events {name}, per second"] = SETS * SET / (time.perf_counter() - began)
    return found


def _timed(name: str, work: Callable[[], Any]) -> dict[str, float]:
    before, began = _peak(), time.perf_counter()
    work()
    return {f"{name}, seconds": time.perf_counter() - began, f"{name}, MiB more": _peak() - before}


def _peak() -> float:
    """The most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _clear(contact: Contact) -> None:
    mine = [VISITOR, KNOWN, "nobody known"]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM crm_tie WHERE contact_id = %s AND kind = 'event'", [contact.pk])
        cursor.execute("DELETE FROM crm_event WHERE anonymous_id = ANY(%s) OR contact_id = %s", [mine, contact.pk])
    Tie.objects.filter(contact=contact).delete()
    Identifier.objects.filter(contact_id=contact.pk).delete()
    Contact.objects.filter(pk=contact.pk).delete()
