"""Cases, their changes of status and their deadlines."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, many, one
from core.registry.operations import Operation
from core.registry.types import Integer, Text
from crm.entities import common
from crm.models import Case, CaseChange, CaseDeadline, Interaction
from crm.services.cases import cases

LONG = Text(max_length=100_000)
_REASON = field(CaseChange, "reason", stored=False, readable=False, filterable=False)


def _verb(name: str, doc: str, *fields: Field) -> Operation:
    return Operation(
        name=f"{name}_case",
        path=name,
        run=getattr(cases, name),
        entity="case",
        action=name,
        on_record=True,
        input=fields,
        doc=doc,
    )


def _to(name: str, target: str, doc: str) -> Field:
    return common.parameter(name, common.IDENTIFIER, doc, reference=target)


_OPERATIONS = [
    _verb(
        "assign",
        "Give a case to an agent, a team or a queue; with nothing named, to whoever asks.",
        _to("owner_id", "user", "The agent."),
        _to("team_id", "team", "The team; without an agent, whoever of it takes it up."),
        _to("queue_id", "queue", "The queue; without an agent it waits there."),
    ),
    _verb(
        "respond",
        "Record that we answered: an interaction, and the first response where it is the first.",
        field(Interaction, "channel", required=False, nullable=True, doc="How; the case's channel if not given."),
        field(Interaction, "subject", doc="The case's subject if not given."),
        field(Interaction, "body", type=LONG, doc="What was said."),
        common.amount(Interaction, "minutes"),
        field(Interaction, "outcome"),
    ),
    _verb("wait", "Wait for somebody else: the case's clocks stand still.", _REASON),
    _verb("resume", "Go on after waiting.", _REASON),
    _verb("resolve", "Mark a case as solved.", _REASON),
    _verb("reopen", "Take a resolved or closed case up again.", _REASON),
    _verb("close", "Close a case for good.", _REASON),
    _verb(
        "rate",
        "Keep what the customer thought of it; a later rating replaces it.",
        field(
            Case,
            "satisfaction_score",
            type=Integer(minimum=1, maximum=5),
            nullable=False,
            required=True,
            doc="From 1 (bad) to 5 (good).",
        ),
        field(Case, "satisfaction_comment"),
    ),
    _verb(
        "escalate",
        "Raise a case by one level by hand.",
        _to("owner_id", "user", "The agent it goes to."),
        _to("team_id", "team", "The team it goes to."),
    ),
]

CASE = Entity(
    name="case",
    plural="cases",
    model=Case,
    doc="A request for help, with its limits of time.",
    fields=(
        *common.record_fields(Case),
        field(Case, "number", sortable=True, required=False, doc="Made if not given."),
        field(Case, "subject"),
        field(Case, "description", type=LONG, filterable=False),
        field(Case, "status", groupable=True, **common.READ_ONLY),
        field(Case, "priority", groupable=True),
        field(Case, "channel", groupable=True),
        common.reference(Case, "queue_id", "queue"),
        common.reference(Case, "service_level_id", "service_level"),
        common.reference(Case, "contact_id", "contact"),
        common.reference(Case, "company_id", "company"),
        common.reference(Case, "order_id", "order"),
        common.reference(Case, "product_id", "product"),
        field(Case, "opened_at", sortable=True, groupable=True, required=False, create_only=True),
        *(
            field(Case, name, sortable=True, groupable=True, **common.READ_ONLY)
            for name in ("first_response_due_at", "resolution_due_at", "first_responded_at")
        ),
        field(Case, "waiting_since", **common.READ_ONLY),
        *(
            field(Case, name, sortable=True, groupable=True, **common.READ_ONLY)
            for name in ("resolved_at", "closed_at")
        ),
        field(Case, "first_response_breached", groupable=True, **common.READ_ONLY),
        field(Case, "resolution_breached", groupable=True, **common.READ_ONLY),
        field(Case, "escalation_level", groupable=True, **common.READ_ONLY),
        field(Case, "reopened_count", groupable=True, **common.READ_ONLY),
        field(Case, "satisfaction_score", groupable=True, **common.READ_ONLY),
        field(Case, "satisfaction_comment", filterable=False, **common.READ_ONLY),
        field(Case, "rated_at", groupable=True, **common.READ_ONLY),
        common.amount(Case, "minutes", **common.READ_ONLY),
        *common.owned_fields(Case),
        *common.described_fields(Case),
    ),
    relations=(
        *common.OWNED_RELATIONS,
        one("queue", "queue", doc="Where it waits."),
        one("service_level", "service_level", doc="What holds for it."),
        one("contact", "contact", doc="Who asked."),
        one("company", "company", doc="For whom they asked."),
        one("order", "order", doc="About which purchase."),
        one("product", "product", doc="About what."),
        many("changes", "case_change", "case_id", "Its changes of status."),
        many("deadlines", "case_deadline", "case_id", "Its limits and steps of escalation."),
        many("interactions", "interaction", "case_id", "What passed between us about it."),
        many("tasks", "task", "case_id", "What is to be done about it."),
        many("notes", "note", "case_id", "Our remarks on it."),
        many("files", "file", "case_id", "Files on it."),
    ),
    writes=cases,
    keys=("external_id", "number"),
    time_field="opened_at",
    search_fields=("subject", "number"),
    identity="number",
    **common.CUSTOM,
    operations=_OPERATIONS,
)

CASE_CHANGE = Entity(
    name="case_change",
    plural="case-changes",
    model=CaseChange,
    doc="A case's step from one status to another. Written by the system.",
    fields=(
        *common.record_fields(CaseChange, external=False),
        common.reference(CaseChange, "case_id", "case", **common.READ_ONLY),
        common.reference(CaseChange, "contact_id", "contact", **common.READ_ONLY),
        common.reference(CaseChange, "company_id", "company", **common.READ_ONLY),
        field(CaseChange, "from_status", groupable=True, **common.READ_ONLY),
        field(CaseChange, "to_status", groupable=True, **common.READ_ONLY),
        field(CaseChange, "at", groupable=True, **common.READ_ONLY),
        field(CaseChange, "by", internal=True, nullable=True, **common.READ_ONLY),
        field(CaseChange, "reason", internal=True, **common.READ_ONLY),
    ),
    relations=(one("case", "case"), one("contact", "contact"), one("company", "company")),
    verbs=common.CLOSED,
    keys=(),
    time_field="at",
)

CASE_DEADLINE = Entity(
    name="case_deadline",
    plural="case-deadlines",
    model=CaseDeadline,
    doc="A limit or a step of escalation of a case, and whether it has passed. Written by the system.",
    fields=(
        *common.record_fields(CaseDeadline, external=False),
        common.reference(CaseDeadline, "case_id", "case", **common.READ_ONLY),
        field(CaseDeadline, "clock", groupable=True, **common.READ_ONLY),
        common.reference(CaseDeadline, "step_id", "escalation_step", **common.READ_ONLY),
        field(CaseDeadline, "due_at", groupable=True, **common.READ_ONLY),
        field(CaseDeadline, "passed_at", groupable=True, **common.READ_ONLY),
    ),
    relations=(one("case", "case"), one("step", "escalation_step", "step_id")),
    verbs=common.CLOSED,
    keys=(),
    time_field="created_at",
)
