"""Rates of activities for the demo, so that there are profits to look at. They are made up; see docs/analytics."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from analytics.models import CostActivity, CostRate
from analytics.services.cost_model import cost_activities, cost_rates
from core.actors import SYSTEM, Door
from core.clock import now

ACTOR = SYSTEM.through(Door.IMPORT)
BEGIN, RAISED = "2016-01-01", "2017-07-01"
NOTE = "Made up for the demo."
# What one unit costs from the beginning, and from the middle of 2017 on. Small, as the baskets are: a sample of lines.
RATES = {
    "order_handling": ("0.2500", "0.2700"),
    "order_picking": ("0.0450", "0.0480"),
    "delivery": ("6.5000", "6.9000"),
    "return_handling": ("3.5000", "3.7000"),
    "service_time": ("0.7500", "0.8000"),
    "case_time": ("0.8000", "0.8500"),
    "sales_time": ("1.1000", "1.1500"),
    "visit_time": ("1.6000", "1.7000"),
    "touch": ("0.4000", "0.4200"),
    "coupon_redemption": ("0.0800", "0.0800"),
}
COUPONS = {
    "key": "coupon_redemption",
    "name": "Clearing a coupon",
    "driver": "interaction",
    "statement_line": "marketing",
    "channels": ["store"],
    "kinds": ["coupon_redemption"],
}


class Command(BaseCommand):
    """Give the activities rates, unless there are some."""

    help = __doc__ or ""

    def handle(self, *_args: Any, **_options: Any) -> None:
        """All or none."""
        at = now()
        with transaction.atomic():
            if CostRate.objects.exists():
                self.stdout.write("rates of activities: there already")
                return
            if not CostActivity.objects.alive().filter(key=COUPONS["key"]).exists():
                cost_activities.create(actor=ACTOR, values=COUPONS, at=at)
            ids = dict(CostActivity.objects.alive().filter(key__in=RATES).values_list("key", "id"))
            for key, (first, later) in RATES.items():
                if key in ids:
                    shared = {"activity_id": str(ids[key]), "note": NOTE}
                    first_half = {"amount": first, "valid_from": BEGIN, "valid_to": RAISED}
                    for period in (first_half, {"amount": later, "valid_from": RAISED}):
                        cost_rates.create(actor=ACTOR, values=shared | period, at=at)
        self.stdout.write(f"rates of activities: {2 * len(ids)}, made up")
