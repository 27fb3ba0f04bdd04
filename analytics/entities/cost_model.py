"""Activities and their rates: what an administrator says of the cost of serving customers."""

from __future__ import annotations

from decimal import Decimal

from analytics.models import CostActivity, CostRate
from analytics.services.cost_model import cost_activities, cost_rates
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import many, one
from core.registry.types import DecimalNumber
from crm.entities import common
from crm.types import Key

COST_ACTIVITY = Entity(
    name="cost_activity",
    plural="cost-activities",
    model=CostActivity,
    doc="Something that we do for customers, and what it is counted by.",
    fields=(
        *common.record_fields(CostActivity),
        field(CostActivity, "key", type=Key(), sortable=True),
        field(CostActivity, "name", sortable=True),
        field(CostActivity, "driver", groupable=True),
        field(CostActivity, "statement_line", groupable=True),
        field(CostActivity, "channels"),
        field(CostActivity, "kinds"),
        field(CostActivity, "direction", groupable=True),
        field(CostActivity, "is_active", groupable=True),
    ),
    relations=(many("rates", "cost_rate", "activity_id", "What one unit of it costs, from when to when."),),
    writes=cost_activities,
    keys=("external_id", "key"),
    search_fields=("key", "name"),
    identity="name",
)
COST_RATE = Entity(
    name="cost_rate",
    plural="cost-rates",
    model=CostRate,
    doc="What one unit of an activity costs, from when to when, in the base currency.",
    fields=(
        *common.record_fields(CostRate),
        common.reference(CostRate, "activity_id", "cost_activity"),
        field(CostRate, "amount", type=DecimalNumber(max_digits=16, places=4, minimum=Decimal(0)), sortable=True),
        field(CostRate, "valid_from", sortable=True),
        field(CostRate, "valid_to"),
        field(CostRate, "note"),
    ),
    relations=(one("activity", "cost_activity", doc="What is done."),),
    writes=cost_rates,
)
