"""The relay: hands events of the outbox to their subscribers, at least once, in order where nothing fails.

Each handler runs in one transaction with the note that it has run, so what it writes to the database happens exactly
once; only effects outside the database can be repeated, by a kill in between.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q

from core.events.subscribers import Subscription, matching
from core.models.outbox import OutboxEvent

logger = structlog.get_logger(__name__)

MAX_ATTEMPTS = 12
BATCH = 200
KEEP = timedelta(days=7)


def hand_over(*, at: datetime, limit: int = BATCH) -> int:
    """Hand over up to `limit` waiting events; returns how many were looked at. Several relays may run at once."""
    handled = 0
    while handled < limit and _one(at):
        handled += 1
    return handled


def _one(at: datetime) -> bool:
    with transaction.atomic():
        due = Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=at)
        waiting = OutboxEvent.objects.filter(due, handed_at__isnull=True).order_by("sequence")
        event = waiting.select_for_update(skip_locked=True).first()
        if event is None:
            return False
        missed = [
            item.name for item in matching(event.name) if item.name not in event.done and not _deliver(event, item)
        ]
        _close(event, missed, at)
    return True


def _deliver(event: OutboxEvent, subscription: Subscription) -> bool:
    try:
        with transaction.atomic():
            subscription.handler(event)
    except Exception as error:  # one subscriber's fault must not keep the event from the others
        logger.exception(
            "subscriber_failed", subscriber=subscription.name, event_name=event.name, event_id=str(event.id)
        )
        event.last_error = f"{subscription.name}: {type(error).__name__}: {error}"[:2000]
        return False
    event.done.append(subscription.name)
    return True


def _close(event: OutboxEvent, missed: list[str], at: datetime) -> None:
    event.attempts += 1
    if not missed:
        event.handed_at = at
    elif event.attempts >= MAX_ATTEMPTS:
        event.handed_at, event.failed = at, missed
        logger.error("event_given_up", event_id=str(event.id), event_name=event.name, subscribers=missed)
    else:
        # 1 s, 2 s, 4 s ... so that twelve attempts span more than half an hour.
        event.next_attempt_at = at + timedelta(seconds=2 ** (event.attempts - 1))
    event.save(update_fields=["done", "failed", "attempts", "handed_at", "next_attempt_at", "last_error"])


def forget(*, at: datetime) -> int:
    """Delete events that were handed over more than a week ago and did not fail; returns how many."""
    old = OutboxEvent.objects.filter(handed_at__lt=at - KEEP, failed=[])
    return old.delete()[0]
