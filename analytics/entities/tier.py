"""Tiers: their rules, which an administrator edits, and the history of who came into which."""

from __future__ import annotations

from decimal import Decimal

from analytics.models import TierChange, TierRule
from analytics.services.tiers import tier_rules
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import one
from core.registry.types import DecimalNumber, Integer
from crm.entities import common

_THRESHOLD = DecimalNumber(max_digits=16, places=2, minimum=Decimal(0))

TIER_RULE = Entity(
    name="tier_rule",
    plural="tier-rules",
    model=TierRule,
    doc="A tier of customers: what it takes to come into it, and to stay.",
    default_sort=("rank", "id"),
    fields=(
        *common.record_fields(TierRule),
        field(TierRule, "name", sortable=True),
        field(TierRule, "rank", type=Integer(minimum=1), sortable=True),
        field(TierRule, "measure", groupable=True),
        field(TierRule, "window_days", type=Integer(minimum=1)),
        field(TierRule, "basis", groupable=True),
        field(TierRule, "enter_at", type=_THRESHOLD),
        field(TierRule, "stay_at", type=_THRESHOLD),
    ),
    writes=tier_rules,
    keys=("external_id", "name"),
    search_fields=("name",),
    identity="name",
)
TIER_CHANGE = Entity(
    name="tier_change",
    plural="tier-changes",
    model=TierChange,
    doc="A contact came from one tier to another. Written by recomputation only.",
    fields=(
        field(TierChange, "id", nullable=False, sortable=True, **common.READ_ONLY),
        common.reference(TierChange, "contact_id", "contact", **common.READ_ONLY),
        field(TierChange, "from_tier", groupable=True, **common.READ_ONLY),
        field(TierChange, "to_tier", groupable=True, **common.READ_ONLY),
        field(TierChange, "at", sortable=True, groupable=True, **common.READ_ONLY),
        field(TierChange, "created_at", **common.READ_ONLY),
        field(TierChange, "updated_at", **common.READ_ONLY),
        field(TierChange, "version", **common.READ_ONLY),
    ),
    relations=(one("contact", "contact", doc="The contact."),),
    verbs=frozenset(),
    keys=(),
    time_field="at",
)
