"""What nobody is known to have done, and yet tells of somebody: found by indexes, and nobody else's is touched."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import connection

from core.actors import SYSTEM
from crm.models import Event, Touch
from crm.models.event import MAY_NAME
from crm.models.touch import MAY_LEAD_TO
from crm.services import erasures
from crm.services.events import events
from crm.services.touches import touches
from tests.crm import make
from tests.crm.privacy.test_erasure import MAIL, erase, person
from tests.crm.privacy.test_everywhere import PHONE

pytestmark = pytest.mark.django_db


def seen(at: datetime, visitor: str, **values: object) -> Event:
    given = {"name": "Page Viewed", "anonymous_id": visitor, **values}
    return events.create(actor=SYSTEM, values=given, at=at)


def test_others_keep_what_they_did(at: datetime) -> None:
    theirs = [
        seen(at, "a", context={"email": MAIL.upper()}),
        seen(at, "a", properties={"page": "home"}),
        seen(at, "b", properties={"phone": "+32 2 555 12 34"}),
    ]
    others = [
        seen(at, "c", context={"email": "eve@example.com"}),
        seen(at, "d", properties={"phone": "+32 2 555 99 99"}),
        seen(at, "e", properties={"page": "home"}),
    ]
    page = {"occurred_at": at.isoformat(), "source": "mail"}
    for visitor, address in (("a", "x"), ("c", "eve@example.com"), ("f", MAIL)):
        values = {**page, "anonymous_id": visitor, "url": f"https://example.com/?m={address}"}
        touches.create(actor=SYSTEM, values=values, at=at)
    counted = Event.objects.values("anonymous_id").distinct().count()
    make.contact(at, email="eve@example.com")
    # Nobody was known by then, so that all of it is nobody's still.
    erase(at, person(at, phone=PHONE))
    assert erasures.finish_all(at=at) == 0
    kept = {event.pk: event for event in Event.objects.all()}
    assert all(not (kept[one.pk].context or kept[one.pk].properties) for one in theirs)
    for one in others:
        now = kept[one.pk]
        assert (now.context, now.properties, now.anonymous_id) == (one.context, one.properties, one.anonymous_id)
    urls = set(Touch.objects.values_list("anonymous_id", "url"))
    assert ("c", "https://example.com/?m=eve@example.com") in urls
    assert len([url for _, url in urls if url is None]) == 2
    # As many visitors as before, under other names.
    assert {kept[theirs[0].pk].anonymous_id} == {kept[theirs[1].pk].anonymous_id}
    assert Event.objects.values("anonymous_id").distinct().count() == counted


def test_addresses_of_nobody_are_found_by_an_index(at: datetime) -> None:
    seen(at, "a", context={"email": MAIL})
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    for rows in (Event.objects.filter(MAY_NAME), Touch.objects.filter(MAY_LEAD_TO)):
        plan = rows.order_by().values_list("pk").explain()
        assert "Seq Scan" not in plan
        assert "Filter: " not in plan
