"""Cases by queue, with their clocks; queues and what they promise. What is done to a case is done over the APIs."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern
from unfold.decorators import display

from core import clock
from core.admin import PartsInline, RecordAdmin
from core.admin.filters import RelatedFilter
from core.registry.operations import Operation
from crm.admin import case_board
from crm.models import BusinessCalendar, Case, CaseChange, CaseClock, CaseDeadline, EscalationStep, Queue, ServiceLevel
from crm.models.case import OVER, CaseStatus

LABELS = {"breached": "danger", "due": "warning", "in time": "success", "met": "success", "waiting": "info"}


class CaseChangeInline(PartsInline):
    """The case's way."""

    model = CaseChange
    fk_name = "case"
    columns = ("at", "from_status", "to_status", "by", "reason")


class CaseDeadlineInline(PartsInline):
    """Its limits and steps of escalation."""

    model = CaseDeadline
    columns = ("clock", "step", "due_at", "passed_at")
    related = ("step",)


class EscalationStepInline(PartsInline):
    """The level's steps."""

    model = EscalationStep
    columns = ("clock", "percent", "team", "user")
    related = ("team", "user")


@admin.register(Case)
class CaseAdmin(RecordAdmin):
    """By queue, status and priority; what is due first stands first when sorted by it."""

    list_display = (
        "number", "subject", "queue", "status", "priority", "owner", "first_response", "resolution",
        "resolution_due_at", "escalation_level", "contact", "opened_at",
    )  # fmt: skip
    list_display_links = ("number", "subject")
    list_select_related = ("queue", "owner", "contact")
    filters = (
        "status",
        "priority",
        "resolution_breached",
        "first_response_breached",
        ("queue", RelatedFilter),
        ("owner", RelatedFilter),
        ("contact", RelatedFilter),
        ("company", RelatedFilter),
    )
    inlines = (CaseDeadlineInline, CaseChangeInline)
    badges = ("status", "priority", "first_response_breached", "resolution_breached")
    headline = (
        "number", "queue", "owner", "team", "contact", "company", "opened_at", "resolution_due_at", "resolved_at",
        "satisfaction_score",
    )  # fmt: skip
    without_panels = frozenset({"changes", "deadlines"})

    def get_urls(self) -> list[URLPattern]:
        """With the board."""
        return [*case_board.urls(), *super().get_urls()]

    def offers(self, operation: Operation, record: Case) -> bool:
        """What its status allows."""
        is_over, is_waiting = record.status in OVER, record.status == CaseStatus.WAITING
        match operation.action:
            case "reopen":
                return is_over
            case "resume":
                return is_waiting
            case "wait":
                return not (is_over or is_waiting)
            case "assign" | "respond" | "resolve" | "escalate":
                return not is_over
            case "close":
                return record.status != CaseStatus.CLOSED
        return True

    @display(description="First response", label=LABELS)  # type: ignore[untyped-decorator]  # unfold is untyped
    def first_response(self, case: Case) -> str:
        """How its first clock stands."""
        return _state(case, CaseClock.FIRST_RESPONSE)

    @display(description="Resolution", label=LABELS)  # type: ignore[untyped-decorator]  # unfold is untyped
    def resolution(self, case: Case) -> str:
        """How its second clock stands."""
        return _state(case, CaseClock.RESOLUTION)


def _state(case: Case, timed: CaseClock) -> str:
    if timed is CaseClock.FIRST_RESPONSE:
        breached, due, done = case.first_response_breached, case.first_response_due_at, case.first_responded_at
    else:
        breached, due, done = case.resolution_breached, case.resolution_due_at, case.resolved_at
    if breached:
        return "breached"
    if done is not None:
        return "met"
    if case.status in OVER:
        return ""
    if case.waiting_since is not None:
        return "waiting"
    if due is None:
        return ""
    return "due" if due < clock.now() else "in time"


@admin.register(Queue)
class QueueAdmin(RecordAdmin):
    """Where cases wait."""

    list_display = ("name", "team", "service_level", "is_default")
    list_select_related = ("team", "service_level")


@admin.register(ServiceLevel)
class ServiceLevelAdmin(RecordAdmin):
    """What is promised."""

    list_display = ("name", "business_calendar", "normal_first_response_minutes", "normal_resolution_minutes")
    list_select_related = ("business_calendar",)
    inlines = (EscalationStepInline,)


@admin.register(EscalationStep)
class EscalationStepAdmin(RecordAdmin):
    """Whom a case goes to, and when."""

    list_display = ("__str__", "service_level", "clock", "percent", "team", "user")
    list_select_related = ("service_level", "team", "user")
    filters = ("clock", ("service_level", RelatedFilter))


@admin.register(BusinessCalendar)
class BusinessCalendarAdmin(RecordAdmin):
    """When work is done."""

    list_display = ("name", "time_zone")
