"""What serving a customer takes: activities, what they are counted by, and what one costs from when to when."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from core.facts import fact_triggers
from core.history.triggers import history_triggers
from core.models.record import Record, live_unique

# What one unit of an activity costs, in the base currency. A count never comes to less than what is kept of amounts.
RATE: dict[str, Any] = {"max_digits": 16, "decimal_places": 4}
OVERLAP = "analytics_cost_rate_no_overlap"


class CostDriver(models.TextChoices):
    """What an activity is counted by."""

    INTERACTION = "interaction"
    INTERACTION_MINUTES = "interaction_minutes"
    CASE = "case"
    CASE_MINUTES = "case_minutes"
    ORDER = "order"
    ORDER_LINE = "order_line"
    ORDERED_UNIT = "ordered_unit"
    RETURN = "return"
    RETURNED_UNIT = "returned_unit"
    TOUCH = "touch"


class StatementLine(models.TextChoices):
    """Under which head of a customer's profit and loss an activity stands."""

    SERVICE = "service"
    ORDER = "order"
    RETURN = "return"
    DELIVERY = "delivery"
    MARKETING = "marketing"


class CostActivity(Record):
    """Something that we do for customers again and again, and that takes time or money.

    Empty `channels`, `kinds` and `direction` leave nothing out. Where two activities hold of one event, it costs both.
    """

    key = models.CharField(max_length=63, help_text="A short name for programs, such as delivery.")
    name = models.CharField(max_length=150, help_text="What is done.")
    driver = models.CharField(max_length=20, choices=CostDriver, help_text="What is counted.")
    statement_line = models.CharField(
        max_length=10,
        choices=StatementLine,
        help_text="Where it stands in a customer's profit and loss; marketing before the first order is acquisition.",
    )
    channels = ArrayField(
        models.CharField(max_length=64), default=list, blank=True, help_text="Only these channels; all where empty."
    )
    kinds = ArrayField(
        models.CharField(max_length=64),
        default=list,
        blank=True,
        help_text="Only these kinds of interactions, priorities of cases, or media of touches; all where empty.",
    )
    direction = models.CharField(
        max_length=8,
        choices=[("inbound", "Inbound"), ("outbound", "Outbound")],
        null=True,
        blank=True,
        help_text="Only interactions of this direction; both where empty.",
    )
    is_active = models.BooleanField(default=True, help_text="Whether it is counted.")

    class Meta:
        db_table = "analytics_cost_activity"
        verbose_name_plural = "cost activities"
        triggers = [*history_triggers("cost_activity"), *fact_triggers("cost_activities")]
        constraints = [
            live_unique("analytics", "cost_activity", "external_id"),
            live_unique("analytics", "cost_activity", "key"),
        ]

    def __str__(self) -> str:
        return self.name


class CostRate(Record):
    """What one unit of an activity costs from a day (in UTC) on, up to before another. Days may be left without a rate.

    Periods of one activity never overlap: the database refuses that, whoever writes.
    """

    activity = models.ForeignKey(
        "analytics.CostActivity",
        models.PROTECT,
        related_name="rates",
        db_index=False,
        help_text="What is done.",
    )
    amount = models.DecimalField(**RATE, help_text="What one unit costs, in the base currency.")
    valid_from = models.DateField(help_text="The first day on which it holds.")
    valid_to = models.DateField(
        null=True, blank=True, help_text="The first day on which it no longer holds; empty where it goes on."
    )
    note = models.CharField(max_length=250, null=True, blank=True, help_text="Where the figure comes from.")

    class Meta:
        db_table = "analytics_cost_rate"
        triggers = [*history_triggers("cost_rate"), *fact_triggers("cost_rates")]
        constraints = [
            live_unique("analytics", "cost_rate", "external_id"),
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="analytics_cost_rate_amount_least",
                violation_error_message="Amount must be at least 0.",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="analytics_cost_rate_period",
                violation_error_message="A rate must end after the day on which it begins.",
            ),
            ExclusionConstraint(
                name=OVERLAP,
                expressions=[
                    ("activity", RangeOperators.EQUAL),
                    (Func(F("valid_from"), F("valid_to"), Value("[)"), function="daterange"), RangeOperators.OVERLAPS),
                ],
                condition=Q(deleted_at__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["activity", "valid_from", "id"], name="analytics_cost_rate_by_act")]

    def __str__(self) -> str:
        return f"{self.amount} from {self.valid_from}"
