"""Events: published with their change or not at all, handed over at least once, one subscriber's fault its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from core import events
from core.actors import SYSTEM
from core.events.relay import MAX_ATTEMPTS, forget, hand_over
from core.events.subscribers import unsubscribe
from core.models import OutboxEvent

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def told() -> Iterator[list[str]]:
    """What a well-behaved subscriber to thing.* was told."""
    heard: list[str] = []
    events.subscribe("thing.*", name="test.good", handler=lambda event: heard.append(event.name))
    yield heard
    unsubscribe("test.good")


@pytest.fixture
def faulty() -> Iterator[list[str]]:
    """A subscriber to thing.* that always fails, after it wrote something."""
    tried: list[str] = []

    def fail(event: OutboxEvent) -> None:
        tried.append(event.name)
        OutboxEvent.objects.create(name="half.done", payload={}, actor_kind="system", occurred_at=AT)
        raise ValueError("no")

    events.subscribe("thing.*", name="test.bad", handler=fail)
    yield tried
    unsubscribe("test.bad")


def publish(*names: str) -> None:
    with transaction.atomic():
        events.publish(*(events.Event(name, {}) for name in names), actor=SYSTEM, at=AT)


def waiting() -> int:
    return OutboxEvent.objects.filter(handed_at__isnull=True).count()


@pytest.mark.django_db
def test_subscribers_hear_matching_events_in_order(told: list[str]) -> None:
    publish("thing.made", "other.made", "thing.lost")
    assert hand_over(at=AT) == 3
    assert told == ["thing.made", "thing.lost"]
    assert hand_over(at=AT) == 0


@pytest.mark.django_db(transaction=True)
def test_an_event_of_a_failed_transaction_was_never_published(told: list[str]) -> None:
    with transaction.atomic():
        events.publish(events.Event("thing.made", {}), actor=SYSTEM, at=AT)
        transaction.set_rollback(True)
    assert hand_over(at=AT) == 0
    assert told == []


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        events.publish(events.Event("thing.made", {}), actor=SYSTEM, at=AT)
    assert waiting() == 0


@pytest.mark.django_db
def test_a_failing_subscriber_is_retried_and_does_not_hold_up_others(told: list[str], faulty: list[str]) -> None:
    publish("thing.made")
    moment = AT
    for _ in range(MAX_ATTEMPTS):
        hand_over(at=moment)
        moment += timedelta(hours=1)
    hand_over(at=moment)
    event = OutboxEvent.objects.get(name="thing.made")
    assert told == ["thing.made"]
    assert len(faulty) == MAX_ATTEMPTS
    assert event.failed == ["test.bad"]
    assert "ValueError: no" in event.last_error
    assert not OutboxEvent.objects.filter(name="half.done").exists()


@pytest.mark.django_db
def test_a_retry_waits_longer_each_time(faulty: list[str]) -> None:
    publish("thing.made")
    hand_over(at=AT)
    hand_over(at=AT)
    assert len(faulty) == 1
    hand_over(at=AT + timedelta(seconds=1))
    hand_over(at=AT + timedelta(seconds=2))
    assert len(faulty) == 2


@pytest.mark.django_db(transaction=True)
def test_two_relays_never_hand_over_the_same_event(told: list[str]) -> None:
    publish(*(f"thing.n{number}" for number in range(40)))

    def relay() -> None:
        try:
            hand_over(at=AT)
        finally:
            connection.close()

    threads = [threading.Thread(target=relay) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == sorted(f"thing.n{number}" for number in range(40))


@pytest.mark.django_db
def test_old_events_are_forgotten_but_not_the_failed(told: list[str]) -> None:
    publish("thing.made", "thing.lost")
    hand_over(at=AT)
    OutboxEvent.objects.filter(name="thing.lost").update(failed=["x"])
    assert forget(at=AT + timedelta(days=6)) == 0
    assert forget(at=AT + timedelta(days=8)) == 1
    assert OutboxEvent.objects.get().name == "thing.lost"
