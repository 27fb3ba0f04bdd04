"""The merge entity, and the calls that merge contacts and undo it."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import ListOf, one
from core.registry.operations import Operation
from core.registry.types import Id, Json
from crm.entities import common
from crm.models import Merge
from crm.services import merges

MERGE = Entity(
    name="merge",
    plural="merges",
    model=Merge,
    doc="A contact that was merged into another. Written by merging and unmerging contacts.",
    fields=(
        *common.record_fields(Merge, external=False),
        common.reference(Merge, "winner_id", "contact", **common.READ_ONLY),
        common.reference(Merge, "loser_id", "contact", **common.READ_ONLY),
        field(Merge, "position", **common.READ_ONLY),
        field(Merge, "at", sortable=True, groupable=True, **common.READ_ONLY),
        field(Merge, "by", **common.READ_ONLY),
        field(Merge, "chosen", filterable=False, **common.READ_ONLY),
        field(Merge, "counts", filterable=False, **common.READ_ONLY),
        field(Merge, "undone_at", groupable=True, **common.READ_ONLY),
        field(Merge, "undone_by", **common.READ_ONLY),
    ),
    relations=(
        one("winner", "contact", doc="The contact that stayed."),
        one("loser", "contact", doc="The contact that was merged into it; shown once the merge is undone."),
    ),
    verbs=common.CLOSED,
    keys=(),
    time_field="at",
)

MERGE_CONTACT = Operation(
    name="merge_contact",
    path="merge",
    run=merges.merge,
    entity="contact",
    action="merge",
    on_record=True,
    input=(
        common.parameter(
            "contact_id", common.IDENTIFIER, "The contact that is merged into this one.", reference="contact"
        ),
        common.parameter("contact_ids", ListOf(Id(), max_items=merges.MOST), "Several of them."),
        common.parameter(
            "fields",
            Json(),
            "By field, winner or loser: whose value counts. Without it the winner's, unless it is empty.",
        ),
    ),
    doc="Merge other contacts into this one: everything of theirs becomes its own. It can be undone.",
)
UNMERGE_CONTACT = Operation(
    name="unmerge_contact",
    path="unmerge",
    run=merges.unmerge,
    entity="contact",
    action="merge",
    on_record=True,
    input=(
        common.parameter("contact_id", common.IDENTIFIER, "The contact that was merged into this one."),
        common.parameter("merge_id", common.IDENTIFIER, "The merge."),
    ),
    doc="Undo a merge: the last one into this contact if none is named, or the one that took this contact.",
)
