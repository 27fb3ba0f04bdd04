"""The tie entity, and the calls that tie and untie."""

from __future__ import annotations

from functools import partial

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Relation, many, one
from core.registry.operations import Operation
from core.registry.types import Json
from crm.entities import common
from crm.models import Tie
from crm.services import ties
from crm.types import Share

TIE = Entity(
    name="tie",
    plural="ties",
    model=Tie,
    doc="What was found to be a contact's, by which evidence and how surely. Written by tying and untying.",
    fields=(
        # Sorted by what there is an index for: there may be as many of them as of events.
        *(
            item.with_(sortable=item.name == "id", groupable=False)
            for item in common.record_fields(Tie, external=False)
        ),
        common.reference(Tie, "contact_id", "contact", **common.READ_ONLY),
        common.reference(Tie, "previous_contact_id", "contact", **common.READ_ONLY),
        field(Tie, "kind", groupable=True, **common.READ_ONLY),
        common.reference(Tie, "event_id", "event", **common.READ_ONLY),
        common.reference(Tie, "interaction_id", "interaction", **common.READ_ONLY),
        common.reference(Tie, "order_id", "order", **common.READ_ONLY),
        common.reference(Tie, "touch_id", "touch", **common.READ_ONLY),
        field(Tie, "counts", filterable=False, **common.READ_ONLY),
        field(Tie, "evidence", groupable=True, **common.READ_ONLY),
        field(Tie, "details", type=Json(), filterable=False, **common.READ_ONLY),
        field(Tie, "confidence", type=Share(), **common.READ_ONLY),
        field(Tie, "method", groupable=True, **common.READ_ONLY),
        common.reference(Tie, "matched_event_id", "event", **common.READ_ONLY),
        common.reference(Tie, "matched_order_id", "order", **common.READ_ONLY),
        field(Tie, "at", sortable=True, groupable=True, **common.READ_ONLY),
        field(Tie, "by", **common.READ_ONLY),
        field(Tie, "untied_at", groupable=True, **common.READ_ONLY),
        field(Tie, "untied_by", **common.READ_ONLY),
    ),
    relations=(
        one("contact", "contact", doc="To whom it was tied."),
        one("previous_contact", "contact", doc="Whose it was before."),
        one("event", "event"),
        one("interaction", "interaction"),
        one("order", "order"),
        one("touch", "touch"),
        one("matched_event", "event", doc="The online event that it was matched with."),
        one("matched_order", "order", doc="The order that it was matched with."),
    ),
    verbs=common.CLOSED,
    keys=(),
    time_field="at",
    operations=[
        Operation(
            name="untie",
            path="untie",
            run=ties.untie,
            entity="tie",
            action="untie",
            on_record=True,
            doc="Undo a tie: what it gave to the contact goes back to whose it was before, all or nothing.",
        )
    ],
)


def tie_operation(kind: str) -> Operation:
    """The call that ties one record of this kind."""
    return Operation(
        name=f"tie_{kind}",
        path="tie",
        run=partial(ties.tie, kind=kind),
        entity=kind,
        action="tie",
        on_record=True,
        input=(
            common.parameter(
                "contact_id", common.IDENTIFIER, "Whose it is.", nullable=False, required=True, reference="contact"
            ),
            field(Tie, "evidence", required=True),
            common.parameter("details", Json(), "More of the evidence; no more of the person than is needed."),
            common.parameter("confidence", Share(), "How sure it is; 1 if not given."),
            common.parameter("matched_event_id", common.IDENTIFIER, "The online event that it matches."),
            common.parameter("matched_order_id", common.IDENTIFIER, "The order that it matches."),
            common.parameter(
                "supersedes", common.IDENTIFIER, "The tie by which it is another contact's, to be put right by this."
            ),
        ),
        doc="Say whose it is, and by which evidence. Refused as tied_already where it is another's.",
    )


def ties_of(kind: str) -> Relation:
    """The ties of records of this kind."""
    return many("ties", "tie", f"{kind}_id", "How it came to its contact, where it was not so from the start.")
