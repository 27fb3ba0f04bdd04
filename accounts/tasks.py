"""What workers do for accounts. Each task calls one service, and may be run twice without harm."""

from __future__ import annotations

from celery import shared_task

from accounts.services import tidying
from core.clock import now


@shared_task(queue="default")
def tidy() -> None:
    """Throw away expired sessions and tokens."""
    tidying.tidy(at=now())
