"""Calls and field visits, which are interactions with the time that they took."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.operations import Operation
from core.registry.types import Text
from crm.entities import common
from crm.models import Interaction
from crm.services import calls

LONG = Text(max_length=100_000)

_LOGGED = (
    common.reference(Interaction, "contact_id", "contact"),
    common.reference(Interaction, "company_id", "company"),
    common.reference(Interaction, "deal_id", "deal"),
    common.reference(Interaction, "case_id", "case"),
    common.parameter("started_at", common.MOMENT, "When it began; if not given, that long before it ended, or now."),
    common.parameter("ended_at", common.MOMENT, "When it ended."),
    common.amount(Interaction, "minutes", doc="How long it took; from beginning to end if not given."),
    field(Interaction, "direction"),
    field(Interaction, "outcome"),
    field(Interaction, "subject"),
    field(Interaction, "body", type=LONG),
    field(Interaction, "external_id"),
    common.reference(Interaction, "agent_id", "user", doc="Who of ours; whoever calls this if not given."),
)

CALLS_AND_VISITS = (
    Operation(
        name="log_call",
        path="interactions/log-call",
        run=calls.log_call,
        entity="interaction",
        action="create",
        input=_LOGGED,
        status=201,
        doc="Record a telephone call with a customer.",
    ),
    Operation(
        name="log_visit",
        path="interactions/log-visit",
        run=calls.log_visit,
        entity="interaction",
        action="create",
        input=(*_LOGGED, common.parameter("location", Text(max_length=250), "Where it was.")),
        status=201,
        doc="Record a field visit to a customer.",
    ),
)
