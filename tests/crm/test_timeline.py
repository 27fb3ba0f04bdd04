from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg import sql

from core import registry
from core.actors import SYSTEM, Actor, Visibility
from core.database.planning import planned_by_indexes
from core.errors import Forbidden, InvalidCursor, NotFound
from core.reads.statements import Reach
from crm.models import Company, Contact, OrderLine, Pipeline
from crm.selectors import timeline
from crm.services import event_partitions
from crm.services.contacts import contacts
from crm.services.deals import deals
from crm.services.events import events
from crm.services.interactions import interactions
from crm.services.orders import orders
from tests.crm import make
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db


def page(entity: str, record_id: UUID, at: datetime, actor: Actor = SYSTEM, **more: Any) -> Any:
    feed = next(one for one in registry.entity(entity).feeds if one.name == "timeline")
    return feed.fetch(actor=actor, record_id=record_id, at=at, **more)


@pytest.fixture
def busy(at: datetime, contact: Contact, pipeline: Pipeline) -> Contact:
    """Somebody with something of everything, several things at the same moment."""
    for day in range(6):
        moment = at + timedelta(days=day // 2)
        make.interaction(moment, contact_id=str(contact.pk), subject=f"Call {day}", minutes="5")
    bought = make.order(at, contact_id=str(contact.pk), lines=[{"description": "x", "unit_price": "9"}])
    line = OrderLine.objects.get(order=bought)
    orders.return_line(actor=SYSTEM, record_id=bought.pk, at=at, line_id=line.pk, quantity=Decimal(1))
    deal = make.deal(at, contact_id=str(contact.pk), amount="50")
    deals.win(actor=SYSTEM, record_id=deal.pk, at=at + timedelta(days=9))
    contacts.change_stage(actor=SYSTEM, record_id=contact.pk, at=at, lifecycle_stage="customer")
    return contact


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_pages_are_complete_and_in_order(at: datetime, busy: Contact, limit: int) -> None:
    items, after = [], None
    while True:
        found = page("contact", busy.pk, at, limit=limit, after=after)
        items += found.items
        after = found.next_cursor
        if after is None:
            break
        assert len(found.items) == limit
    kinds = [item["kind"] for item in items]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "interaction": 6, "order": 1, "return": 1, "deal": 2, "lifecycle": 2,
    }  # fmt: skip
    assert len({item["id"] for item in items}) == len(items)
    moments = [(item["at"], item["id"]) for item in items]
    assert moments == sorted(moments, reverse=True)


def test_a_new_entry_does_not_move_the_pages(at: datetime, busy: Contact) -> None:
    first = page("contact", busy.pk, at, limit=3)
    before = page("contact", busy.pk, at, limit=3, after=first.next_cursor)
    make.interaction(at + timedelta(days=30), contact_id=str(busy.pk))
    assert page("contact", busy.pk, at, limit=3, after=first.next_cursor) == before


def test_amounts_travel_as_text_and_records_are_named(at: datetime, busy: Contact) -> None:
    items = {item["kind"]: item for item in page("contact", busy.pk, at).items}
    assert items["order"]["detail"]["total"] == "9.00"
    assert (items["deal"]["entity"], items["order"]["entity"]) == ("deal", "order")
    assert page("contact", busy.pk, at).items[0]["title"] == "Deal: Won"


def test_what_the_reader_may_not_see_is_left_out(at: datetime, busy: Contact) -> None:
    only_calls = clerk("contact", "interaction")
    assert page("contact", busy.pk, at, actor=only_calls, kind="order").items == []
    kinds = {item["kind"] for item in page("contact", busy.pk, at, actor=only_calls).items}
    assert kinds == {"interaction", "lifecycle"}
    with pytest.raises(Forbidden):
        page("contact", busy.pk, at, actor=clerk("interaction"))
    own = clerk("contact", visibility=Visibility.OWN, user_id=uuid4())
    with pytest.raises(NotFound):
        page("contact", busy.pk, at, actor=own)


def test_deleted_things_are_left_out(at: datetime, busy: Contact) -> None:
    one = page("contact", busy.pk, at, limit=50).items
    calls = [item for item in one if item["kind"] == "interaction"]
    interactions.delete(actor=SYSTEM, record_id=UUID(calls[0]["id"]), at=at)
    assert len(page("contact", busy.pk, at, limit=50).items) == len(one) - 1
    contacts.delete(actor=SYSTEM, record_id=busy.pk, at=at)
    with pytest.raises(NotFound):
        page("contact", busy.pk, at)


def test_a_company_has_what_its_people_did(at: datetime, company: Company, pipeline: Pipeline) -> None:
    person = make.contact(at, last_name="Elm", company_id=str(company.pk))
    make.interaction(at, contact_id=str(person.pk))
    make.deal(at, company_id=str(company.pk))
    assert {item["kind"] for item in page("company", company.pk, at).items} == {"interaction", "deal"}


@pytest.mark.parametrize("cursor", ["", "x", "WyJ0aW1lbGluZSIsMSwyXQ", "é", "a" * 5000])
def test_a_broken_cursor_is_refused(at: datetime, contact: Contact, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        page("contact", contact.pk, at, after=cursor)


def test_a_page_is_two_queries(at: datetime, busy: Contact, django_assert_num_queries: Any) -> None:
    # Around the second are the settings by which it is planned, in a savepoint of the test's transaction.
    with django_assert_num_queries(2 + 4) as captured:
        page("contact", busy.pk, at)
    assert isinstance(captured, CaptureQueriesContext)


def test_a_page_is_read_in_the_order_of_the_indexes(at: datetime, contact: Contact) -> None:
    """Months without events are cheap to read as a whole: no reason to read and sort the events of all months."""
    months = [at + timedelta(days=31 * month) for month in range(6)]
    event_partitions.ensure([moment.date() for moment in months])
    for moment in months:
        events.create(actor=SYSTEM, values={"name": "Page Viewed", "contact_id": str(contact.pk)}, at=moment)
    statement = timeline._page("contact", Contact, Reach.of(SYSTEM), 51, True)
    values = statement.filled({"record": contact.pk, "moment": months[-1], "key": contact.pk})
    numbers = count(1)
    query = re.sub(r"%s", lambda _: f"${next(numbers)}", statement.sql).replace("%%", "%")
    with connection.cursor() as cursor, planned_by_indexes():
        cursor.execute("ANALYZE crm_event")
        cursor.connection.execute(f"PREPARE page AS {query}")
        given = ", ".join(sql.Literal(value).as_string(cursor.connection) for value in values)
        plan = [line for (line,) in cursor.connection.execute(f"EXPLAIN EXECUTE page({given})").fetchall()]
        cursor.connection.execute("DEALLOCATE page")
    assert any("Index Scan Backward using crm_event_" in line for line in plan)
    assert not any("Sort Key: crm_event" in line for line in plan), "\n".join(plan)
