"""Cases: what customers ask to have solved, how long it took, and what they thought of it."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q

from core.facts import fact_triggers
from core.history.triggers import history_triggers
from core.models.record import Personal, Record, live_unique
from core.models.scope import Scope
from crm.models import rules
from crm.models.base import Described, Owned, through
from crm.models.interaction import Channel
from crm.models.service_level import CaseClock


class CaseStatus(models.TextChoices):
    """New: nobody took it up. Waiting: for somebody else than us, and no clock runs."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


class CasePriority(models.TextChoices):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


# Our time passes in these and in no other.
RUNNING = (CaseStatus.NEW, CaseStatus.OPEN)
OVER = (CaseStatus.RESOLVED, CaseStatus.CLOSED)


def _to(target: str, name: str, help_text: str) -> models.ForeignKey[models.Model | None, models.Model | None]:
    return models.ForeignKey(
        target, models.SET_NULL, null=True, blank=True, related_name=name, db_index=False, help_text=help_text
    )


class Case(Described, Owned):
    """A request for help. Its owner is the agent who works on it."""

    number = models.CharField(max_length=64, help_text="Case number; made where none is given.")
    subject = models.CharField(max_length=250)
    description = models.TextField(null=True, blank=True)
    status = models.CharField(max_length=8, choices=CaseStatus, default=CaseStatus.NEW)
    priority = models.CharField(max_length=6, choices=CasePriority, default=CasePriority.NORMAL)
    channel = models.CharField(max_length=12, choices=Channel, default=Channel.OTHER, help_text="How it reached us.")
    queue = _to("crm.Queue", "cases", "Where it waits; the default queue where none is named.")
    service_level = _to("crm.ServiceLevel", "cases", "What holds for it; its queue's where none is named.")
    contact = models.ForeignKey(
        "crm.Contact", models.CASCADE, null=True, blank=True, related_name="cases", db_index=False
    )
    company = models.ForeignKey(
        "crm.Company", models.CASCADE, null=True, blank=True, related_name="cases", db_index=False
    )
    order = _to("crm.Order", "cases", "The purchase it is about.")
    product = _to("crm.Product", "cases", "The product it is about.")
    opened_at = models.DateTimeField(help_text="When we were asked; now if not given.")
    first_response_due_at = models.DateTimeField(
        null=True, blank=True, help_text="By when we must have answered; null for no limit, or while its clock stands."
    )
    resolution_due_at = models.DateTimeField(
        null=True, blank=True, help_text="By when it must be resolved; null for no limit, or while its clock stands."
    )
    first_responded_at = models.DateTimeField(null=True, blank=True, help_text="When we first answered.")
    waiting_since = models.DateTimeField(null=True, blank=True, help_text="Since when we wait for somebody else.")
    resolved_at = models.DateTimeField(null=True, blank=True, help_text="When it was last resolved.")
    closed_at = models.DateTimeField(null=True, blank=True, help_text="When it was closed.")
    first_response_breached = models.BooleanField(default=False, help_text="Whether we answered too late.")
    resolution_breached = models.BooleanField(default=False, help_text="Whether it was not resolved in time.")
    escalation_level = models.PositiveSmallIntegerField(default=0, help_text="How often it was escalated.")
    reopened_count = models.PositiveSmallIntegerField(default=0, help_text="How often it was reopened.")
    satisfaction_score = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The customer's, from 1 to 5."
    )
    satisfaction_comment = models.TextField(null=True, blank=True)
    rated_at = models.DateTimeField(null=True, blank=True, help_text="When it was rated.")
    minutes = models.DecimalField(
        max_digits=10, decimal_places=2, default=Decimal(0), help_text="Our time, of all its interactions."
    )
    # Set where hours or limits changed for more cases than one request can go through.
    is_clock_stale = models.BooleanField(default=False, editable=False)

    personal: ClassVar[Personal | None] = Personal(
        people=("contact_id",),
        columns=("subject", "description", "satisfaction_comment", "tags", "custom", "external_id"),
    )

    class Meta:
        db_table = "crm_case"
        triggers = [
            *history_triggers("case", hide=("is_clock_stale",)),
            *fact_triggers("cases", month_column="opened_at"),
        ]
        constraints = [
            live_unique("crm", "case", "external_id"),
            live_unique("crm", "case", "number"),
            rules.contact_or_company("case"),
            rules.at_least("case", "minutes"),
            rules.check(
                "case",
                "score_range",
                Q(satisfaction_score__gte=1, satisfaction_score__lte=5),
                "A score is from 1 to 5.",
            ),
            rules.check(
                "case",
                "resolved_has_moment",
                ~Q(status=CaseStatus.RESOLVED) | Q(resolved_at__isnull=False),
                "A resolved case has the moment of its resolution.",
            ),
            rules.check(
                "case",
                "closed_has_moment",
                Q(status=CaseStatus.CLOSED, closed_at__isnull=False)
                | (~Q(status=CaseStatus.CLOSED) & Q(closed_at__isnull=True)),
                "A case has a closing moment when it is closed, and only then.",
            ),
            rules.check(
                "case",
                "waiting_has_moment",
                Q(status=CaseStatus.WAITING, waiting_since__isnull=False)
                | (~Q(status=CaseStatus.WAITING) & Q(waiting_since__isnull=True)),
                "A case waits since a moment, and only a waiting one does.",
            ),
        ]
        indexes = [
            rules.deleted("case"),
            *(
                rules.by("case", name)
                for name in (
                    "owner", "team", "partner", "queue", "service_level", "contact", "company", "order", "product",
                    "status", "priority", "channel", "number", "opened_at", "first_response_due_at",
                    "resolution_due_at", "first_responded_at", "resolved_at", "closed_at", "satisfaction_score",
                    "escalation_level", "created_at", "updated_at",
                )
            ),
            models.Index(fields=["queue", "status", "priority", "id"], name="crm_case_queue_list"),
            models.Index(fields=["id"], condition=Q(is_clock_stale=True), name="crm_case_stale"),
            rules.contains("case", "subject"),
            rules.contains("case", "number"),
            rules.members("case", "tags"),
            rules.values("case", "custom"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"


class CaseChange(Record):
    """A case's step from one status to another; the first has no `from_status`. Its customer is the case's."""

    case = models.ForeignKey("crm.Case", models.CASCADE, related_name="changes", db_index=False)
    contact = models.ForeignKey("crm.Contact", models.CASCADE, null=True, related_name="+", db_index=False)
    company = models.ForeignKey("crm.Company", models.CASCADE, null=True, related_name="+", db_index=False)
    from_status = models.CharField(max_length=8, choices=CaseStatus, null=True)
    to_status = models.CharField(max_length=8, choices=CaseStatus)
    at = models.DateTimeField(help_text="When it happened.")
    by = models.CharField(max_length=254, help_text="Who or what made the change.")
    reason = models.CharField(max_length=250, null=True, help_text="Why, in the words of who made it.")

    scope: ClassVar[Scope] = through("case", Case.scope)
    personal: ClassVar[Personal | None] = Personal(people=("case__contact_id",), columns=("reason",))

    class Meta:
        db_table = "crm_case_change"
        triggers = history_triggers("case_change")
        indexes = [
            rules.by("case_change", "case", "at"),
            rules.by("case_change", "contact"),
            # For the timeline, which tells of these two.
            models.Index(
                fields=["contact", "at", "id"],
                condition=Q(to_status__in=("new", "resolved")),
                name="crm_case_change_contact_at",
            ),
            models.Index(
                fields=["company", "at", "id"],
                condition=Q(to_status__in=("new", "resolved")),
                name="crm_case_change_company_at",
            ),
        ]


class CaseDeadline(Record):
    """A moment that a case must not reach: a limit of its service level, or a step of escalation on the way to it.

    It passes once: `passed_at` is set, and never again. `due_at` is null while its clock stands, or for good where
    what it waited for came in time.
    """

    case = models.ForeignKey("crm.Case", models.CASCADE, related_name="deadlines", db_index=False)
    clock = models.CharField(max_length=14, choices=CaseClock, help_text="Which limit it is of.")
    step = models.ForeignKey(
        "crm.EscalationStep",
        models.CASCADE,
        null=True,
        related_name="+",
        db_index=False,
        help_text="The step of escalation; null for the limit itself.",
    )
    due_at = models.DateTimeField(null=True, help_text="When it passes.")
    passed_at = models.DateTimeField(null=True, help_text="When it was seen to have passed.")

    scope: ClassVar[Scope] = through("case", Case.scope)
    personal: ClassVar[Personal | None] = Personal(people=("case__contact_id",))

    class Meta:
        db_table = "crm_case_deadline"
        triggers = history_triggers("case_deadline")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "clock"], condition=Q(step__isnull=True), name="crm_case_deadline_one_limit"
            ),
            models.UniqueConstraint(
                fields=["case", "step"], condition=Q(step__isnull=False), name="crm_case_deadline_one_step"
            ),
        ]
        indexes = [
            rules.by("case_deadline", "case"),
            rules.by("case_deadline", "step"),
            models.Index(
                fields=["due_at", "case"], condition=Q(passed_at__isnull=True), name="crm_case_deadline_waiting"
            ),
        ]
