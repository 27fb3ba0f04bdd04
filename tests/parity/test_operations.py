"""Every call that is no plain reading or writing, through both doors."""

from __future__ import annotations

import pytest

from core import registry
from core.ids import new_id
from core.registry.operations import Operation
from tests.parity.script import Script, same_through_both
from tests.support import rules
from tests.support.people import Company
from tests.support.shared import undone

pytestmark = pytest.mark.usefixtures("undone")

OPERATIONS: dict[str, Operation] = {
    item.name: item
    for item in (*registry.operations(), *(item for entity in registry.entities() for item in entity.operations))
}
# Refused for an administrator with valid input too; with the reason.
REFUSED = {
    "analytics_chart": "nothing was computed yet",
    "analytics_slice_members": "nothing was computed yet",
    "analytics_slices": "nothing was computed yet",
    "attribution": "nothing was computed yet",
    "campaign_roi": "nothing was computed yet",
    "cohorts": "nothing was computed yet",
    "concentration": "nothing was computed yet",
    "findings": "nothing was computed yet",
    "first_order_bands": "nothing was computed yet",
    "investment": "nothing was computed yet",
    "lifecycle_flow": "nothing was computed yet",
    "metrics_of_contact": "nothing was computed yet",
    "product_line_ledger": "nothing was computed yet",
    "product_line_profits": "nothing was computed yet",
    "recommendations_of_contact": "nothing was computed yet",
    "rfm_segments": "nothing was computed yet",
}


@pytest.mark.parametrize("caller", ["administrator", "sales", "analyst", "member of Birch", "anonymous"])
@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_an_operation_does_the_same_through_both_doors(company: Company, name: str, caller: str) -> None:
    operation, person = OPERATIONS[name], company.people[caller]

    def scenario(script: Script) -> None:
        samples, door = script.samples, script.door
        record = samples.make(operation.entity) if operation.on_record else None
        if record is not None and operation.name in rules.BEFORE:
            rules.BEFORE[operation.name](record, samples)
        key = record.pk if record else None
        values = samples.input_of(operation, record)
        needed = [item.name for item in operation.input if item.required]
        # One at a time: GraphQL tells of the first variable that does not fit.
        refused = [(f"without {name}", key, {n: v for n, v in values.items() if n != name}) for name in needed]
        # A text is right for texts, and in GraphQL for lists of them.
        wrong = [item.name for item in operation.input if item.type.name not in {"text", "text_list", "multi_choice"}]
        refused += [(f"wrong {name}", key, values | {name: "\u2603"}) for name in wrong]
        if record is not None:
            refused.append(("of none", new_id(), values))
        if not (person.is_anonymous or person.visibilities(operation.entity, operation.action)):
            # GraphQL looks at the types of input before anything else, REST at the grant.
            refused = []
        for label, target, given in refused:
            # Not every operation needs input: what was carried out is undone.
            with undone():
                script.note(label, door.operation(operation, target, given))
        outcome = door.operation(operation, key, values)
        if caller == "administrator" and name not in REFUSED:
            script.done("carried out", outcome)
        else:
            script.note("carried out", outcome)
        script.note("again", door.operation(operation, key, values))
        if record is not None:
            entity = registry.entity(operation.entity)
            script.note("afterwards", door.get(entity, record.pk))
            script.note("history", door.feed(entity, record.pk, "history"))

    same_through_both(person, scenario)
