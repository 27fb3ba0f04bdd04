"""Tiers of customers: what it takes to come into one and to stay, and who came into which when."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from core.facts import fact_triggers
from core.history.triggers import history_triggers
from core.models.record import Personal, Record, live_unique
from core.models.scope import Scope

THRESHOLD: dict[str, Any] = {"max_digits": 16, "decimal_places": 2}


class TierMeasure(models.TextChoices):
    """What customers are measured by."""

    REVENUE = "revenue"
    ORDERS = "orders"


class TierBasis(models.TextChoices):
    """What thresholds are: amounts of the measure, or the percentage of customers who have less of it."""

    AMOUNT = "amount"
    PERCENTILE = "percentile"


class TierRule(Record):
    """One tier. Who has reached `enter_at` comes into it; who is in it, or above, stays down to `stay_at`."""

    name = models.CharField(max_length=64, help_text="What the tier is called.")
    rank = models.PositiveIntegerField(help_text="A higher tier has a higher rank.")
    measure = models.CharField(max_length=10, choices=TierMeasure, help_text="What customers are measured by.")
    window_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="Only orders of so many last days; all where empty."
    )
    basis = models.CharField(
        max_length=10, choices=TierBasis, help_text="Whether thresholds are amounts, or percentages of customers."
    )
    enter_at = models.DecimalField(
        **THRESHOLD, help_text="From here on one comes into it: an amount, or how many percent of customers have less."
    )
    stay_at = models.DecimalField(**THRESHOLD, help_text="Down to here one stays in it; at most `enter_at`.")

    class Meta:
        db_table = "analytics_tier_rule"
        triggers = [*history_triggers("tier_rule"), *fact_triggers("tier_rules")]
        constraints = [
            live_unique("analytics", "tier_rule", "external_id"),
            live_unique("analytics", "tier_rule", "name"),
            live_unique("analytics", "tier_rule", "rank"),
            models.CheckConstraint(
                condition=Q(stay_at__lte=F("enter_at")),
                name="analytics_tier_rule_stay_below_enter",
                violation_error_message="A tier must not be harder to stay in than to come into.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TierChange(Record):
    """A contact came from one tier to another. Written by recomputations that look at the present only."""

    contact = models.ForeignKey("crm.Contact", models.CASCADE, related_name="+", db_index=False)
    from_tier = models.CharField(max_length=64, null=True, help_text="Null where the contact had none.")
    to_tier = models.CharField(max_length=64, null=True, help_text="Null where the contact has none any more.")
    at = models.DateTimeField(help_text="The moment that the recomputation looked back from.")

    scope: ClassVar[Scope] = Scope(
        owner=("contact__owner_id",), team=("contact__team_id",), partner=("contact__partner_id",)
    )
    derived: ClassVar[Q | None] = Q()
    personal: ClassVar[Personal] = Personal(people=("contact_id",))

    class Meta:
        db_table = "analytics_tier_change"
        triggers = fact_triggers("tier_changes", month_column="at")
        indexes = [
            models.Index(fields=["contact", "at", "id"], name="analytics_tier_change_idx"),
            models.Index(fields=["at", "id"], name="analytics_tier_change_at_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.from_tier or '-'} > {self.to_tier or '-'}"
