"""The interaction entity."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import many, one
from core.registry.types import Text
from crm.entities import common
from crm.entities.calls import CALLS_AND_VISITS
from crm.entities.tie import tie_operation, ties_of
from crm.models import Interaction
from crm.selectors.tie_candidates import tie_candidates_feed
from crm.services.interactions import interactions

INTERACTION = Entity(
    name="interaction",
    plural="interactions",
    model=Interaction,
    doc="One contact between us and a customer, through any channel.",
    fields=(
        *common.record_fields(Interaction),
        field(Interaction, "channel", groupable=True),
        field(Interaction, "kind", groupable=True),
        field(Interaction, "direction", groupable=True),
        field(Interaction, "occurred_at", sortable=True, groupable=True),
        common.amount(Interaction, "minutes"),
        field(Interaction, "outcome", groupable=True),
        field(Interaction, "subject"),
        field(Interaction, "body", type=Text(max_length=100_000), filterable=False),
        field(Interaction, "data", filterable=False),
        common.reference(Interaction, "contact_id", "contact"),
        common.reference(Interaction, "company_id", "company"),
        common.reference(Interaction, "deal_id", "deal"),
        common.reference(Interaction, "case_id", "case"),
        common.reference(Interaction, "agent_id", "user"),
        common.custom_field(Interaction),
    ),
    relations=(
        one("contact", "contact"),
        one("company", "company"),
        one("deal", "deal"),
        one("case", "case"),
        one("agent", "user"),
        many("files", "file", "interaction_id", "Files on it."),
        ties_of("interaction"),
    ),
    writes=interactions,
    time_field="occurred_at",
    search_fields=("subject",),
    feeds=[tie_candidates_feed("interaction")],
    operations=[*CALLS_AND_VISITS, tie_operation("interaction")],
    **common.CUSTOM,
)
