"""What analytics does when it is told of something."""

from __future__ import annotations

from analytics.models import SegmentMark
from core.events import subscribe
from core.models.outbox import OutboxEvent
from crm.events import EVENT_MONTHS_DROPPED


def on_months_dropped(told: OutboxEvent) -> None:
    """Partitions are dropped without a trigger, and nobody knows whose events they held."""
    SegmentMark.objects.create(entity="event", whole=True)


def subscribe_all() -> None:
    """Called once, when the app is ready."""
    subscribe(EVENT_MONTHS_DROPPED, name="analytics.segments.months_dropped", handler=on_months_dropped)
