from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from core import registry
from core.actors import SYSTEM
from core.errors import Duplicate, Forbidden, Invalid
from core.models import Change, DirtyMonth, OutboxEvent
from core.writes import batch
from crm.models import Contact, Event, EventKey
from crm.services import event_partitions, identity
from crm.services.events import events
from tests.crm import make
from tests.support.actors import clerk
from tests.support.races import at_once

pytestmark = pytest.mark.django_db


def send(at: datetime, **values: Any) -> Event:
    return events.create(actor=SYSTEM, values={"name": "Page Viewed", **values}, at=at)


def send_many(at: datetime, *items: dict[str, Any], atomic: bool = False) -> list[dict[str, Any]]:
    asked = [{"action": "create", "values": {"name": "Page Viewed", **item}} for item in items]
    return batch.run(registry.entity("event"), actor=SYSTEM, at=at, items=asked, atomic=atomic)


def told() -> list[str]:
    return list(OutboxEvent.objects.filter(name__startswith="event.").values_list("name", flat=True))


def test_an_event_lies_in_the_partition_of_its_month(at: datetime, contact: Contact) -> None:
    moments = {
        "2025-12-31T23:59:59.999999+00:00": "2025_12",
        "2026-01-01T00:30:00+01:00": "2025_12",
        "1999-05-05": "early",
    }
    for moment, month in moments.items():
        made = send(at, occurred_at=moment, contact_id=str(contact.pk))
        with connection.cursor() as cursor:
            cursor.execute("SELECT tableoid::regclass::text FROM crm_event WHERE id = %s", [made.pk])
            assert cursor.fetchone() == (f"crm_event_{month}",)
    assert Event.objects.filter(contact=contact).count() == 3


def test_an_event_without_a_moment_happened_when_it_came(at: datetime) -> None:
    made = send(at)
    assert (made.occurred_at, made.received_at) == (at, at)


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"occurred_at": "2026-03-03T12:00:00Z"}, "/occurred_at"),
        ({"value": "3"}, "/currency"),
        ({"value": "-3", "currency": "EUR"}, "/value"),
        ({"name": ""}, "/name"),
        ({"properties": []}, "/properties"),
        ({"contact_id": str(uuid4())}, "/contact_id"),
        ({"received_at": "2026-01-01"}, "/received_at"),
    ],
)
def test_what_makes_no_sense_is_refused_alone_and_in_a_batch(at: datetime, values: Any, pointer: str) -> None:
    with pytest.raises(Invalid) as refusal:
        send(at, **values)
    assert [error.pointer for error in refusal.value.errors] == [pointer]
    good, bad = send_many(at, {"name": "Good"}, values)
    assert (good["status"], bad["status"]) == ("created", "failed")
    assert [error["pointer"] for error in bad["error"]["errors"]] == [pointer]
    assert [event.name for event in Event.objects.all()] == ["Good"]


def test_the_same_message_is_one_event_whenever_it_is_said_to_have_happened(at: datetime) -> None:
    first = send(at, message_id="m1", source="web", name="First")
    again = send(at + timedelta(days=3), message_id="m1", source="web", name="Second", occurred_at="2025-01-01")
    assert again.pk == first.pk
    assert Event.objects.get().name == "First"
    assert told() == ["event.created"]
    assert send(at, message_id="m1", source="app").pk != first.pk
    # Where the source ends and the message begins is part of the key.
    assert send(at, message_id="bc", source="a").pk != send(at, message_id="c", source="ab").pk


def test_a_message_that_was_deleted_does_not_come_back(at: datetime) -> None:
    first = send(at, message_id="m1")
    events.delete(actor=SYSTEM, record_id=first.pk, at=at)
    with pytest.raises(Duplicate):
        send(at, message_id="m1")
    assert send_many(at, {"message_id": "m1"}, {"message_id": "m2"})[0]["error"]["code"] == "duplicate"
    events.restore(actor=SYSTEM, record_id=first.pk, at=at)
    assert send(at, message_id="m1").pk == first.pk


def test_a_repeat_does_not_show_what_the_sender_may_not_see(at: datetime, contact: Contact) -> None:
    send(at, message_id="m1", contact_id=str(contact.pk))
    stranger = clerk("event", "contact", actions=("create",))
    with pytest.raises(Duplicate):
        events.create(actor=stranger, values={"name": "x", "message_id": "m1"}, at=at)


def test_a_batch_is_stored_by_a_few_statements(
    at: datetime, contact: Contact, django_assert_max_num_queries: Any
) -> None:
    items = [
        {
            "message_id": f"m{number}",
            "contact_id": str(contact.pk),
            "properties": {"n": number},
            "value": "1.5",
            "currency": "EUR",
        }
        for number in range(200)
    ]
    with django_assert_max_num_queries(25):
        results = send_many(at, *items)
    assert {result["status"] for result in results} == {"created"}
    assert Event.objects.filter(contact=contact, value="1.5").count() == EventKey.objects.count() == 200
    assert told() == ["event.batch_created"]
    assert len(OutboxEvent.objects.get(name="event.batch_created").payload["ids"]) == 200


def test_repeats_in_and_between_batches_are_the_same_event(at: datetime) -> None:
    items = [{"message_id": "a"}, {"message_id": "b"}, {"message_id": "a", "occurred_at": "2025-05-05"}]
    first = send_many(at, *items)
    assert first[0]["id"] == first[2]["id"] != first[1]["id"]
    again = send_many(at, *items, {"message_id": "c"})
    assert [result["id"] for result in again[:3]] == [result["id"] for result in first]
    assert Event.objects.count() == 3


def test_an_atomic_batch_leaves_nothing_where_one_item_fails(at: datetime) -> None:
    results = send_many(at, {"message_id": "a"}, {"name": ""}, atomic=True)
    assert [result["status"] for result in results] == ["rolled_back", "failed"]
    assert not Event.objects.exists()
    assert not EventKey.objects.exists()
    assert told() == []


def test_a_set_out_of_reach_is_refused_item_by_item(at: datetime, contact: Contact) -> None:
    seller = clerk("event", "contact", user_id=contact.owner_id or uuid4(), visibility="own")  # type: ignore[arg-type]
    items = [{"action": "create", "values": {"name": "x"}}] * 2
    results = batch.run(registry.entity("event"), actor=seller, at=at, items=items)
    assert [result["error"]["code"] for result in results] == ["forbidden", "forbidden"]
    with pytest.raises(Forbidden):
        events.create(actor=seller, values={"name": "x"}, at=at)
    assert not Event.objects.exists()


def test_who_is_named_by_address_or_external_id_is_found(at: datetime, contact: Contact) -> None:
    other = make.contact(at, last_name="Elm", external_id="e-1")
    assert send(at, context={"traits": {"email": "ADA@example.com"}}).contact_id == contact.pk
    assert send(at, context={"user_id": "e-1"}).contact_id == other.pk
    assert send(at, context={"email": "nobody@example.com", "user_id": 7}).contact_id is None
    send_many(at, {"context": {"email": "ada@example.com"}}, {"name": "x"})
    assert Event.objects.filter(contact=contact).count() == 2
    blind = clerk("event")
    assert events.create(actor=blind, values={"name": "x", "context": {"user_id": "e-1"}}, at=at).contact_id is None


def test_a_visitor_who_is_known_is_found_unless_somebody_is_named(at: datetime, contact: Contact) -> None:
    other = make.contact(at, last_name="Elm", external_id="e-1")
    identity.identify(actor=SYSTEM, record_id=contact.pk, at=at, anonymous_id="v-1")
    assert send(at, anonymous_id="v-1").contact_id == contact.pk
    assert send(at, anonymous_id="v-1", context={"user_id": "e-1"}).contact_id == other.pk
    assert send(at, anonymous_id="v-1", context={"user_id": "nobody"}).contact_id is None
    # Two names that lead to two people lead to nobody.
    assert send(at, context={"user_id": "e-1", "email": "ada@example.com"}).contact_id is None
    send_many(at, {"anonymous_id": "v-1"}, {"anonymous_id": "v-2"})
    assert Event.objects.filter(contact=contact).count() == 2


def test_coming_leaves_no_history_and_going_does(at: datetime) -> None:
    made = send(at)
    assert not Change.objects.filter(entity="event").exists()
    events.delete(actor=SYSTEM, record_id=made.pk, at=at)
    Event.objects.filter(pk=made.pk).delete()
    assert list(Change.objects.filter(record_id=made.pk).order_by("id").values_list("operation", flat=True)) == [
        "update", "delete",
    ]  # fmt: skip
    assert DirtyMonth.objects.filter(fact="events", month=date(2026, 3, 1)).exists()


def test_the_database_itself_keeps_a_message_once(at: datetime) -> None:
    event_partitions.ensure([date(2026, 2, 1), date(2026, 3, 1)])
    rows = [
        Event(name="x", source="s", message_id="m", occurred_at=moment, received_at=at)
        for moment in (at, at - timedelta(days=20))
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.bulk_create(rows)
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_the_same_message_at_once_one_is_stored_and_all_are_answered(at: datetime) -> None:
    seen: list[Any] = []

    def one(day: int) -> Any:
        return lambda: seen.append(send(at, message_id="m", occurred_at=(at - timedelta(days=day)).isoformat()).pk)

    def many(*names: str) -> Any:
        return lambda: seen.append(send_many(at, *({"message_id": name} for name in names))[names.index("m")]["id"])

    assert set(at_once(one(0), one(40), many("m", "n"), many("n", "m"))) == {"done"}
    assert Event.objects.filter(message_id="m").count() == Event.objects.filter(message_id="n").count() == 1
    assert len({str(key) for key in seen}) == 1


@pytest.mark.django_db(transaction=True)
def test_a_month_that_several_need_at_once_is_made_once() -> None:
    at = datetime(2031, 7, 5, tzinfo=UTC)
    assert at_once(*[lambda: send(at)] * 4) == ["done"] * 4
    assert Event.objects.filter(occurred_at=at).count() == 4
    assert [one.month for one in event_partitions.partitions()].count(date(2031, 7, 1)) == 1


def test_a_month_is_made_though_the_writer_holds_locks_and_then_fails(at: datetime, contact: Contact) -> None:
    moment = datetime(2019, 9, 9, tzinfo=UTC)
    with transaction.atomic():
        Contact.objects.select_for_update().get(pk=contact.pk)
        send(at)
        send(at, occurred_at=moment.isoformat(), contact_id=str(contact.pk))
        transaction.set_rollback(True)
    assert not Event.objects.exists()
    assert date(2019, 9, 1) in [one.month for one in event_partitions.partitions()]


def test_months_are_made_ahead() -> None:
    event_partitions.keep_ahead(at=datetime(2040, 11, 30, tzinfo=UTC))
    months = [one.month for one in event_partitions.partitions()]
    assert months[-4:] == [date(2040, 11, 1), date(2040, 12, 1), date(2041, 1, 1), date(2041, 2, 1)]
    assert months[0] is None


@pytest.mark.django_db(transaction=True)
def test_old_months_are_dropped_whole_with_their_keys_and_marks(at: datetime) -> None:
    for moment in ("1999-01-01", "2014-12-31", "2016-02-29", "2016-03-01", "2016-03-31T23:59:59Z", "2016-04-01"):
        send(at, occurred_at=moment, message_id=moment)
    DirtyMonth.objects.all().delete()
    dropped = event_partitions.drop_before(date(2016, 4, 15), at=at)
    assert {date(1999, 1, 1), date(2014, 12, 1), date(2016, 2, 1), date(2016, 3, 1)} <= set(dropped)
    assert [event.message_id for event in Event.objects.all()] == ["2016-04-01"]
    assert EventKey.objects.count() == 1
    assert set(DirtyMonth.objects.filter(fact="events").values_list("month", flat=True)) == set(dropped)
    assert not Change.objects.filter(entity="event").exists()
    assert OutboxEvent.objects.filter(name="event.months_dropped").exists()
    # The dropped month is made anew where something of it comes late.
    assert send(at, occurred_at="2016-03-31", message_id="2016-03-01").occurred_at.month == 3
    assert event_partitions.drop_before(date(2015, 1, 1), at=at) == []


@pytest.mark.django_db(transaction=True)
def test_a_month_in_use_is_left_for_the_next_time(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_partitions, "PATIENCE", "50ms")
    send(at, occurred_at="2016-05-05")
    outcome: list[Any] = []
    with transaction.atomic():
        send(at, occurred_at="2016-05-06")
        assert at_once(lambda: outcome.append(event_partitions.drop_before(date(2016, 6, 1), at=at))) == ["done"]
    assert outcome == [[]]
    assert Event.objects.count() == 2
    assert date(2016, 5, 1) in event_partitions.drop_before(date(2016, 6, 1), at=at)


def test_an_event_is_not_changed(at: datetime) -> None:
    made = send(at)
    with pytest.raises(Forbidden):
        events.update(actor=SYSTEM, record_id=made.pk, values={"name": "y"}, at=at)


@pytest.mark.django_db(transaction=True)
def test_a_month_that_another_made_in_the_meantime_is_seen() -> None:
    """A session that holds the table's lock does not look at what others did to it by itself."""
    at = datetime(2032, 7, 5, tzinfo=UTC)
    with transaction.atomic():
        send(at)
        send(at)
        assert at_once(lambda: event_partitions.ensure([date(2032, 5, 1)])) == ["done"]
        send(at, occurred_at="2032-05-05")
        send(at, occurred_at="2032-06-05")
    assert Event.objects.count() == 4
