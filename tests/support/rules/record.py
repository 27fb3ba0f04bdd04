"""Rules of customers, deals and what is common to all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.actors import SYSTEM
from core.models.record import Record
from crm.models import LifecycleChange, Stage, StageChange
from crm.services.deals import deals
from tests.support.rules.rule import Rule, Values, ref

if TYPE_CHECKING:
    from tests.support.samples import Samples


def _pipeline(samples: Samples) -> Values:
    """A pipeline with all kinds of stages, and its first one."""
    pipeline = samples.make("pipeline")
    stages = [
        samples.make("stage", pipeline_id=str(pipeline.pk), kind=kind, rank=rank)
        for rank, kind in enumerate(("open", "open", "won", "lost"), 1)
    ]
    return {"pipeline_id": str(pipeline.pk), "stage_id": str(stages[0].pk)}


def _step(samples: Samples) -> Record:
    made: Record = LifecycleChange.objects.get(contact=samples.make("contact").pk)
    return made


def _move(samples: Samples) -> Record:
    made: Record = StageChange.objects.get(deal=samples.make("deal").pk)
    return made


def _another_stage(samples: Samples, record: Any) -> Values:
    stages = Stage.objects.alive().filter(pipeline=record.pipeline_id, kind="open").exclude(pk=record.stage_id)
    return {"stage_id": str(stages.order_by("rank").values_list("pk", flat=True).first())}


def close(deal: Record, samples: Samples) -> None:
    """Lose a deal, so that it can be reopened."""
    deals.lose(actor=SYSTEM, record_id=deal.pk, at=samples.at)


# Options of other types than the sample's.
_OTHER_OPTIONS = frozenset({"target", "currency", "minimum", "maximum", "max_length"})
RULES = {
    "custom_field": Rule(
        why="each type has options of its own; a required one would be asked of all other records",
        complete=lambda samples: {
            "type": "choice",
            "choices": ["a", "b"],
            "entity": "contact",
            "required": False,
            "default": "b",
        },
        needed=lambda samples: {"type": "text", "entity": "contact"},
        not_at_creation=_OTHER_OPTIONS,
        not_in_updates=frozenset({"required", "choices", "default", *_OTHER_OPTIONS}),
    ),
    "deal": Rule(
        why="the stage is one of the pipeline's; only closed deals have a closing moment, lost ones a reason",
        needed=_pipeline,
        not_at_creation=frozenset({"closed_at", "lost_reason"}),
        not_in_updates=frozenset({"lost_reason"}),
    ),
    "interaction": Rule(
        why="it is with a contact or a company",
        needed=lambda samples: {"contact_id": ref(samples, "contact")},
    ),
}
MAKERS = {"lifecycle_change": _step, "stage_change": _move}
OPERATIONS = {
    "change_contact_stage": lambda samples, record: {"lifecycle_stage": "customer"},
    "lose_deal": lambda samples, record: {"lost_reason": "price"},
    "move_deal": _another_stage,
    "reopen_deal": lambda samples, record: {},
    "win_deal": lambda samples, record: {"amount": "1234.50"},
}
BEFORE = {"reopen_deal": close}
RELATIVES = {
    ("pipeline", "deals"): lambda samples, record: {
        "stage_id": str(samples.make("stage", pipeline_id=str(record.pk), kind="open").pk)
    },
    ("stage", "deals"): lambda samples, record: {"pipeline_id": str(record.pipeline_id)},
}
