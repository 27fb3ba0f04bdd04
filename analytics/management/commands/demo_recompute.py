"""The first computation of the demo, by a real worker."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from analytics.management.commands.recompute import Command as Recompute
from core.clock import now
from crm.models import Order

PATIENCE = 300.0


class Command(Recompute):
    """Recompute as of the day after the last order, so that the demo's customers look as recent as its data."""

    help = __doc__ or ""

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Ask, follow, and say how it ended."""
        self.follow(day_after_last_order(), full=False, timeout=PATIENCE)


def day_after_last_order() -> datetime | None:
    """The first moment of the day after the last order; None (now) where there is no order, or none in the past."""
    last = Order.objects.alive().filter(placed_at__lte=now()).order_by("-placed_at").first()
    if last is None:
        return None
    assert isinstance(last, Order)  # noqa: S101 - for the type checker
    day_after = last.placed_at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return min(day_after, now())
