"""What workers do for core. Each task calls one service, and may be run twice without harm."""

from __future__ import annotations

from celery import shared_task

from core import idempotency
from core.clock import now
from core.events import relay


@shared_task(queue="default")
def forget_idempotent_answers() -> None:
    """Throw away the answers to idempotent requests that are kept no longer."""
    idempotency.forget(at=now())


@shared_task(queue="default")
def forget_events() -> None:
    """Throw away the events that every subscriber has dealt with long ago."""
    relay.forget(at=now())
