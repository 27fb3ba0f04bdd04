"""Pipelines, stages, deals and their moves."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, many, one
from core.registry.operations import Operation
from core.registry.types import Integer
from crm.entities import common
from crm.models import Deal, Pipeline, Stage, StageChange
from crm.services.deals import deals
from crm.services.pipelines import pipelines, stages

PIPELINE = Entity(
    name="pipeline",
    plural="pipelines",
    model=Pipeline,
    doc="A way of selling: a sequence of stages.",
    fields=(
        *common.record_fields(Pipeline),
        field(Pipeline, "name", sortable=True),
        field(Pipeline, "is_default"),
    ),
    relations=(
        many("stages", "stage", "pipeline_id", "Its stages."),
        many("deals", "deal", "pipeline_id", "Deals in it."),
    ),
    writes=pipelines,
    keys=("external_id", "name"),
    search_fields=("name",),
    identity="name",
)

STAGE = Entity(
    name="stage",
    plural="stages",
    model=Stage,
    doc="A step of a pipeline.",
    default_sort=("id",),
    fields=(
        *common.record_fields(Stage),
        common.reference(Stage, "pipeline_id", "pipeline", create_only=True),
        field(Stage, "name", sortable=True),
        field(Stage, "rank", sortable=True),
        field(Stage, "probability", type=Integer(minimum=0, maximum=100)),
        field(Stage, "kind", groupable=True),
    ),
    relations=(one("pipeline", "pipeline"), many("deals", "deal", "stage_id", "Deals in it.")),
    writes=stages,
    identity="name",
)

_CLOSED_AT = common.parameter("closed_at", common.MOMENT, "When it was closed; now if not given.")


def _verb(name: str, path: str, run: str, doc: str, *fields: Field) -> Operation:
    return Operation(
        name=f"{name}_deal",
        path=path,
        run=getattr(deals, run),
        entity="deal",
        action=name,
        on_record=True,
        input=fields,
        doc=doc,
    )


DEAL = Entity(
    name="deal",
    plural="deals",
    model=Deal,
    doc="A sale that is being worked on, was won or was lost.",
    fields=(
        *common.record_fields(Deal),
        field(Deal, "name", sortable=True),
        common.reference(Deal, "company_id", "company"),
        common.reference(Deal, "contact_id", "contact"),
        common.reference(Deal, "product_id", "product"),
        common.reference(
            Deal,
            "pipeline_id",
            "pipeline",
            create_only=True,
            required=False,
            doc="The default pipeline, or the stage's, if not given.",
        ),
        common.reference(
            Deal,
            "stage_id",
            "stage",
            create_only=True,
            required=False,
            doc="The pipeline's first stage if not given. To change it, move, win, lose or reopen the deal.",
        ),
        field(Deal, "status", groupable=True, **common.READ_ONLY),
        common.money(Deal, "amount", sortable=True),
        common.currency(Deal),
        field(Deal, "source", groupable=True),
        field(Deal, "opened_at", sortable=True, groupable=True),
        field(Deal, "expected_close_date", sortable=True, groupable=True),
        field(Deal, "closed_at", sortable=True, groupable=True, create_only=True),
        field(Deal, "lost_reason", groupable=True),
        *common.owned_fields(Deal),
        *common.described_fields(Deal),
    ),
    relations=(
        *common.OWNED_RELATIONS,
        one("company", "company", doc="With whom."),
        one("contact", "contact", doc="With which person."),
        one("product", "product", doc="About what."),
        one("pipeline", "pipeline"),
        one("stage", "stage"),
        many("stage_changes", "stage_change", "deal_id", "Its moves."),
        many("interactions", "interaction", "deal_id", "What passed between us about it."),
        many("tasks", "task", "deal_id", "What is to be done about it."),
        many("notes", "note", "deal_id", "Our remarks on it."),
        many("files", "file", "deal_id", "Files on it."),
    ),
    writes=deals,
    search_fields=("name",),
    identity="name",
    **common.CUSTOM,
    operations=[
        _verb(
            "win",
            "win",
            "win",
            "Close a deal as won.",
            common.money(Deal, "amount", doc="What it was won for; as it stands if not given."),
            _CLOSED_AT,
        ),
        _verb("lose", "lose", "lose", "Close a deal as lost.", field(Deal, "lost_reason", doc="Why."), _CLOSED_AT),
        _verb(
            "reopen",
            "reopen",
            "reopen",
            "Open a closed deal again.",
            common.parameter(
                "stage_id", common.IDENTIFIER, "An open stage; the last open one if not given.", reference="stage"
            ),
        ),
        _verb(
            "move",
            "move",
            "move",
            "Move an open deal to another open stage.",
            common.parameter(
                "stage_id", common.IDENTIFIER, "The stage.", nullable=False, required=True, reference="stage"
            ),
        ),
    ],
)

STAGE_CHANGE = Entity(
    name="stage_change",
    plural="stage-changes",
    model=StageChange,
    doc="A deal's move from one stage to another. Written by the system.",
    fields=(
        *common.record_fields(StageChange, external=False),
        common.reference(StageChange, "deal_id", "deal", **common.READ_ONLY),
        common.reference(StageChange, "from_stage_id", "stage", **common.READ_ONLY),
        common.reference(StageChange, "to_stage_id", "stage", **common.READ_ONLY),
        field(StageChange, "kind", groupable=True, **common.READ_ONLY),
        field(StageChange, "at", groupable=True, **common.READ_ONLY),
        field(StageChange, "by", internal=True, nullable=True, **common.READ_ONLY),
    ),
    relations=(one("deal", "deal"), one("from_stage", "stage"), one("to_stage", "stage")),
    verbs=common.CLOSED,
    keys=(),
    time_field="at",
)
