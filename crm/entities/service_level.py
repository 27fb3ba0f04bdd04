"""Business calendars, service levels, steps of escalation, queues."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, ListOf, Shape, many, one
from core.registry.types import Choice, Integer
from crm.entities import common
from crm.models import BusinessCalendar, CasePriority, EscalationStep, Queue, ServiceLevel
from crm.services.service_levels import business_calendars, escalation_steps, queues, service_levels
from crm.types import ClockTime, Days
from crm.working_time import WEEKDAYS

# Longer than any promise, short enough to be counted: two years of full days.
MINUTES = Integer(minimum=1, maximum=1_051_200)

SPAN = Shape(
    title="OpeningSpan",
    fields=(
        Field("weekday", Choice(options=WEEKDAYS), "The day it opens on.", nullable=False, required=True),
        Field("opens", ClockTime(), "From, as HH:MM.", nullable=False, required=True),
        Field(
            "closes",
            ClockTime(),
            "To, as HH:MM, or 24:00; at or before `opens` it is on the next day.",
            nullable=False,
            required=True,
        ),
    ),
)

BUSINESS_CALENDAR = Entity(
    name="business_calendar",
    plural="business-calendars",
    model=BusinessCalendar,
    doc="When work is done.",
    fields=(
        *common.record_fields(BusinessCalendar),
        field(BusinessCalendar, "name", sortable=True),
        field(BusinessCalendar, "time_zone", groupable=True),
        field(
            BusinessCalendar,
            "spans",
            type=ListOf(SPAN, max_items=100),
            required=True,
            filterable=False,
            doc="When it is open, by weekday, on the wall clock; overlapping spans count once.",
        ),
        field(BusinessCalendar, "holidays", type=Days(), doc="Dates on which it is closed from midnight to midnight."),
    ),
    relations=(many("service_levels", "service_level", "business_calendar_id", "What counts by it."),),
    writes=business_calendars,
    keys=("external_id", "name"),
    search_fields=("name",),
    identity="name",
)

SERVICE_LEVEL = Entity(
    name="service_level",
    plural="service-levels",
    model=ServiceLevel,
    doc="Limits of working time by priority, to the first response and to the resolution of a case.",
    fields=(
        *common.record_fields(ServiceLevel),
        field(ServiceLevel, "name", sortable=True),
        common.reference(ServiceLevel, "business_calendar_id", "business_calendar"),
        *(
            field(ServiceLevel, f"{priority}_{clock}_minutes", type=MINUTES)
            for priority in CasePriority.values
            for clock in ("first_response", "resolution")
        ),
    ),
    relations=(
        one("business_calendar", "business_calendar", doc="Whose minutes count."),
        many("steps", "escalation_step", "service_level_id", "Its steps of escalation."),
        many("queues", "queue", "service_level_id", "Queues that promise it."),
        many("cases", "case", "service_level_id", "Cases it holds for."),
    ),
    writes=service_levels,
    keys=("external_id", "name"),
    search_fields=("name",),
    identity="name",
)

ESCALATION_STEP = Entity(
    name="escalation_step",
    plural="escalation-steps",
    model=EscalationStep,
    doc="Where a case goes when a part of a limit has passed. Each step is taken once per case.",
    default_sort=("id",),
    fields=(
        *common.record_fields(EscalationStep),
        common.reference(EscalationStep, "service_level_id", "service_level", create_only=True),
        field(EscalationStep, "clock", groupable=True),
        field(EscalationStep, "percent", type=Integer(minimum=1, maximum=1000)),
        common.reference(EscalationStep, "team_id", "team"),
        common.reference(EscalationStep, "user_id", "user"),
    ),
    relations=(one("service_level", "service_level"), one("team", "team"), one("user", "user")),
    writes=escalation_steps,
)

QUEUE = Entity(
    name="queue",
    plural="queues",
    model=Queue,
    doc="Where cases wait.",
    fields=(
        *common.record_fields(Queue),
        field(Queue, "name", sortable=True),
        field(Queue, "is_default"),
        common.reference(Queue, "team_id", "team"),
        common.reference(Queue, "service_level_id", "service_level"),
    ),
    relations=(
        one("team", "team", doc="The team that takes its cases."),
        one("service_level", "service_level", doc="What it promises."),
        many("cases", "case", "queue_id", "Cases in it."),
    ),
    writes=queues,
    keys=("external_id", "name"),
    search_fields=("name",),
    identity="name",
)
