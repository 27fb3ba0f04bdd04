"""The entity of decisions about pairs of contacts that look like one person."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import one
from crm.entities import common
from crm.models import DuplicateDecision
from crm.services.duplicate_decisions import duplicate_decisions

DUPLICATE_DECISION = Entity(
    name="duplicate_decision",
    plural="duplicate-decisions",
    model=DuplicateDecision,
    doc="What somebody decided about two contacts that look like one person; they are not proposed again.",
    fields=(
        *common.record_fields(DuplicateDecision, external=False),
        common.reference(DuplicateDecision, "contact_id", "contact", create_only=True),
        common.reference(DuplicateDecision, "other_id", "contact", create_only=True),
        field(DuplicateDecision, "verdict", groupable=True),
        field(DuplicateDecision, "until"),
        field(DuplicateDecision, "by", **common.READ_ONLY),
    ),
    relations=(one("contact", "contact"), one("other", "contact")),
    writes=duplicate_decisions,
    keys=(),
)
