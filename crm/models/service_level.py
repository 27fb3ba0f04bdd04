"""What is promised to those who ask for help: working hours, limits of time, and where a case goes when one passes."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from core.history.triggers import history_triggers
from core.models.record import Record, live_unique
from crm.models import rules


class CaseClock(models.TextChoices):
    """What is timed of a case."""

    FIRST_RESPONSE = "first_response"
    RESOLUTION = "resolution"


class BusinessCalendar(Record):
    """When work is done: spans of the week on the wall clock of a time zone, less holidays."""

    name = models.CharField(max_length=100)
    time_zone = models.CharField(max_length=64, default="UTC", help_text="An IANA name, such as Europe/London.")
    spans = models.JSONField(
        default=list, help_text="Open from and to, by weekday; past midnight where to is not later."
    )
    holidays = ArrayField(
        models.CharField(max_length=10), default=list, blank=True, help_text="Dates on which nobody works, YYYY-MM-DD."
    )

    class Meta:
        db_table = "crm_business_calendar"
        triggers = history_triggers("business_calendar")
        constraints = [
            live_unique("crm", "business_calendar", "external_id"),
            live_unique("crm", "business_calendar", "name"),
        ]

    def __str__(self) -> str:
        return self.name


def _minutes(priority: str, what: str) -> models.PositiveIntegerField[int | None, int | None]:
    return models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=f"Working minutes to {what} of a case of {priority} priority; null for no limit.",
    )


class ServiceLevel(Record):
    """Limits of working time by priority. Without business hours every minute counts."""

    name = models.CharField(max_length=100)
    business_calendar = models.ForeignKey(
        "crm.BusinessCalendar",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="service_levels",
        db_index=False,
        help_text="Whose minutes count; every minute where none are named.",
    )
    low_first_response_minutes = _minutes("low", "the first response")
    low_resolution_minutes = _minutes("low", "the resolution")
    normal_first_response_minutes = _minutes("normal", "the first response")
    normal_resolution_minutes = _minutes("normal", "the resolution")
    high_first_response_minutes = _minutes("high", "the first response")
    high_resolution_minutes = _minutes("high", "the resolution")
    urgent_first_response_minutes = _minutes("urgent", "the first response")
    urgent_resolution_minutes = _minutes("urgent", "the resolution")

    class Meta:
        db_table = "crm_service_level"
        triggers = history_triggers("service_level")
        constraints = [live_unique("crm", "service_level", "external_id"), live_unique("crm", "service_level", "name")]
        indexes = [rules.by("service_level", "business_calendar")]

    def __str__(self) -> str:
        return self.name

    def limit(self, clock: str, priority: str) -> int | None:
        """The limit in working minutes; None where there is none."""
        found: int | None = getattr(self, f"{priority}_{clock}_minutes")
        return found


class EscalationStep(Record):
    """Where a case goes when a part of a limit has passed: 80 percent warns, 100 is the limit, 150 is long after."""

    service_level = models.ForeignKey("crm.ServiceLevel", models.CASCADE, related_name="steps", db_index=False)
    clock = models.CharField(max_length=14, choices=CaseClock, default=CaseClock.RESOLUTION, help_text="Which limit.")
    percent = models.PositiveSmallIntegerField(
        help_text="How much of the limit must have passed; more than 100: after it."
    )
    team = models.ForeignKey(
        "accounts.Team",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The team that the case then goes to.",
    )
    user = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The user that the case then goes to.",
    )

    class Meta:
        db_table = "crm_escalation_step"
        triggers = history_triggers("escalation_step")
        constraints = [
            live_unique("crm", "escalation_step", "external_id"),
            rules.check(
                "escalation_step",
                "percent_range",
                Q(percent__gte=1, percent__lte=1000),
                "Percent must be from 1 to 1000.",
            ),
        ]
        indexes = [
            rules.by("escalation_step", "service_level"),
            rules.by("escalation_step", "team"),
            rules.by("escalation_step", "user"),
        ]

    def __str__(self) -> str:
        return f"{self.percent}% of {self.clock}"


class Queue(Record):
    """Where cases wait: the team that takes them, and the service level that holds for them."""

    name = models.CharField(max_length=100)
    is_default = models.BooleanField(default=False, help_text="Whether new cases go here when no queue is named.")
    team = models.ForeignKey(
        "accounts.Team",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The team that cases here belong to.",
    )
    service_level = models.ForeignKey(
        "crm.ServiceLevel",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="queues",
        db_index=False,
        help_text="What holds for cases here that name no other.",
    )

    class Meta:
        db_table = "crm_queue"
        triggers = history_triggers("queue")
        constraints = [
            live_unique("crm", "queue", "external_id"),
            live_unique("crm", "queue", "name"),
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True, deleted_at__isnull=True),
                name="crm_queue_one_default",
            ),
        ]
        indexes = [rules.by("queue", "team"), rules.by("queue", "service_level")]

    def __str__(self) -> str:
        return self.name
