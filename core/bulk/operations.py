"""The call `POST /<things>/bulk` of every kind of record that can be deleted, restored or updated."""

from __future__ import annotations

from functools import partial

from core import registry
from core.bulk import requests
from core.criteria.types import Criteria
from core.jobs import sending
from core.jobs.shapes import STARTED
from core.reads.reader import MAX_QUERY
from core.registry.entities import Entity
from core.registry.fields import Field
from core.registry.operations import Operation
from core.registry.types import Choice, Integer, Json, Text

TASK = "core.tasks.carry_out_bulk"


def offer() -> None:
    """Add the call to every entity that has something to do in it. For when all are declared."""
    sending.register(requests.KIND, TASK)
    for entity in registry.entities():
        if requests.offered(entity):
            entity.add_operation(operation(entity))


def operation(entity: Entity) -> Operation:
    """The call of one entity."""
    return Operation(
        name=f"bulk_{entity.plural.replace('-', '_')}",
        path=f"{entity.plural}/bulk",
        run=partial(requests.request, entity),
        entity=entity.name,
        action=requests.ACTION,
        input=_input(entity),
        output=STARTED,
        status=202,
        doc=f"Do the same to all {entity.plural} that a search finds, as a job. What refuses is told in its result.",
    )


def _input(entity: Entity) -> tuple[Field, ...]:
    verbs = Choice(options=requests.offered(entity))
    fields = [
        Field("action", verbs, "What to do; needs the right to do it to one.", nullable=False, required=True),
        Field("filter", Criteria(), "Which records: criteria; {} for all.", nullable=False, required=True),
        Field("expected_count", Integer(minimum=0), "Refuse where the search finds another number of records."),
    ]
    if entity.search_fields:
        fields.append(Field("q", Text(max_length=MAX_QUERY), "Words that must stand in the main texts too."))
    if "update" in verbs.options:
        fields.append(Field("values", Json(max_depth=12), "For an update: the fields to write, named as in REST."))
    return tuple(fields)
