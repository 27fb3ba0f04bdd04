"""What the customer record does when it is told of something: occasions for the rules of the lifecycle.

The relay notes each delivery in the transaction of what it brought about, so an occasion is acted upon once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time

from core.clock import now
from core.events import subscribe
from core.models.outbox import OutboxEvent
from crm.events import EVENT_BATCH_CREATED, ORDER_PLACED, REFERRAL_CONVERTED
from crm.models import Event, LifecycleTrigger, LifeEvent, Order, OrderStatus, Referral, Touch
from crm.services import lifecycle_rules
from crm.services.lifecycle_rules import Occasion


def on_events(told: OutboxEvent) -> None:
    """One event, or a batch of them, in the order in which they happened."""
    ids = told.payload.get("ids") or [told.payload["id"]]
    names = set(_matches(LifecycleTrigger.EVENT))
    rows = Event.objects.alive().filter(pk__in=ids, contact__isnull=False).order_by("occurred_at", "id")
    if not names:
        return
    if None not in names:
        rows = rows.filter(name__in=names)
    for event in rows.only("contact_id", "occurred_at", "name"):
        _apply(Occasion(LifecycleTrigger.EVENT, event.contact_id, event.occurred_at, match=event.name))


def on_life_event(told: OutboxEvent) -> None:
    """A life event; one that is yet to come counts as of now."""
    found = LifeEvent.objects.alive().filter(pk=told.payload["id"]).first()
    if found is not None:
        day = datetime.combine(found.occurred_on, time(), tzinfo=UTC)
        _apply(Occasion(LifecycleTrigger.LIFE_EVENT, found.contact_id, day, match=found.kind))


def on_order(told: OutboxEvent) -> None:
    """An order, and which one of the contact's it is: by the order of entry, however late we are told."""
    order = Order.objects.alive().filter(pk=told.payload["id"], contact__isnull=False).first()
    if order is None or order.status == OrderStatus.CANCELLED:
        return
    before = Order.objects.alive().filter(contact=order.contact_id, pk__lte=order.pk)
    count = before.exclude(status=OrderStatus.CANCELLED).count()
    _apply(Occasion(LifecycleTrigger.ORDER, order.contact_id, order.placed_at, order_count=count))


def on_touch(told: OutboxEvent) -> None:
    touch = Touch.objects.alive().filter(pk=told.payload["id"], contact__isnull=False).first()
    if touch is not None:
        _apply(Occasion(LifecycleTrigger.TOUCH, touch.contact_id, touch.occurred_at, match=touch.source))


def on_referral(told: OutboxEvent) -> None:
    """A referral that converted is the referrer's, where it is the one that counts."""
    referral = Referral.objects.alive().filter(pk=told.payload["id"], is_counted=True).first()
    if referral is not None:
        _apply(Occasion(LifecycleTrigger.REFERRAL, referral.referrer_id, told.occurred_at))


def _apply(occasion: Occasion) -> None:
    lifecycle_rules.apply(occasion, at=now())


def _matches(trigger: LifecycleTrigger) -> Iterator[str | None]:
    """What active rules ask for; None where one takes anything."""
    rules = lifecycle_rules.active(trigger)
    yield from (match or None for match in rules.values_list("match", flat=True))


def subscribe_all() -> None:
    """Called once, when the app is ready."""
    for pattern, name, handler in (
        ("event.created", "crm.lifecycle.event", on_events),
        (EVENT_BATCH_CREATED, "crm.lifecycle.events", on_events),
        ("life_event.created", "crm.lifecycle.life_event", on_life_event),
        (ORDER_PLACED, "crm.lifecycle.order", on_order),
        ("touch.created", "crm.lifecycle.touch", on_touch),
        (REFERRAL_CONVERTED, "crm.lifecycle.referral", on_referral),
    ):
        subscribe(pattern, name=name, handler=handler)
