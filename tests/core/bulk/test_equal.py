"""Many at once come to the same as one by one: rows, parts, history and events, for every kind of record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import transaction

from core import registry
from core.actors import SYSTEM
from core.bulk.requests import offered
from core.history.context import acting
from core.models import Change, OutboxEvent
from core.models.record import Record
from core.registry.entities import Entity
from core.registry.fields import Field
from core.writes import inputs
from core.writes.bulk_state import Intent, change_many
from crm.services.tags import make_missing
from tests.support.samples import AT, Samples

pytestmark = pytest.mark.usefixtures("undone")

LATER = AT + timedelta(days=1)
WRITTEN = [item.name for item in registry.entities() if item.writes is not None and offered(item)]


class Traces:
    """What was written since: rows of history, and events, without whose they are."""

    def __init__(self) -> None:
        self.change = Change.objects.order_by("-id").values_list("id", flat=True).first() or 0
        self.event = OutboxEvent.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0

    def found(self, count: int) -> tuple[Counter[Any], Counter[Any]]:
        """Per record; what is written once for all counts as if for each."""
        changes = Counter(
            (item.entity, item.operation, str(item.door), item.at, *sorted(item.after or ()))
            for item in Change.objects.filter(id__gt=self.change)
        )
        events = Counter(
            (item.name, *sorted(item.payload), *item.payload.get("changed", ()))
            for item in OutboxEvent.objects.filter(sequence__gt=self.event)
        )
        return (Counter({key: -(-n // count) for key, n in one.items()}) for one in (changes, events))  # type: ignore[return-value]


def _alone(entity: Entity, record: Record, intent: Intent) -> None:
    given: dict[str, Any] = {"values": intent.values} if intent.action == "update" else {}
    assert entity.writes is not None
    getattr(entity.writes, intent.action)(actor=SYSTEM, record_id=record.pk, at=intent.at, **given)


def _together(entity: Entity, records: list[Record], intent: Intent) -> None:
    assert entity.writes is not None
    with transaction.atomic():
        entity.writes.begin(intent.cleaned)
        acting(SYSTEM, intent.at)
        fresh = list(entity.model._default_manager.filter(pk__in=[item.pk for item in records]).order_by("pk"))
        outcome = change_many(entity.writes, fresh, intent)
    assert outcome.refused == {}
    assert sorted(outcome.changed) == sorted(item.pk for item in records)


def _intents(entity: Entity, samples: Samples, records: list[Record]) -> Iterator[Intent]:
    if "update" in entity.verbs:
        values = _free(entity, samples, records)
        if values:
            yield Intent("update", SYSTEM, LATER, values, inputs.clean(entity, values, actor=SYSTEM, partial=True))
    for number, action in enumerate(("delete", "restore"), 1):
        if action in entity.verbs:
            yield Intent(action, SYSTEM, LATER + timedelta(hours=number))


def _free(entity: Entity, samples: Samples, records: list[Record]) -> dict[str, Any]:
    """A change that several records can have at once, and that none of them has already."""
    constraints = entity.model._meta.constraints
    unique = {name for item in constraints for name in getattr(item, "fields", ())}
    unique |= {
        name
        for item in constraints
        if isinstance(item, ExclusionConstraint)
        for name, _ in item.expressions
        if isinstance(name, str)
    }
    return {
        name: value
        for name, value in samples.changes(entity, records[0]).items()
        if not {(item := entity.by_name[name]).attribute, item.attribute.removesuffix("_id")} & unique
        and not (item.stored and _parsed(item, value) in [getattr(record, item.attribute) for record in records])
    }


def _parsed(item: Field, value: Any) -> Any:
    return None if value is None else item.type.parse(value)


@pytest.mark.parametrize("name", WRITTEN)
def test_many_leave_behind_what_one_by_one_do(name: str) -> None:
    entity, samples = registry.entity(name), Samples(start=300)
    first = samples.make(entity, full=True)
    others = [samples.make(entity, full=True) for _ in range(2)]
    for intent in _intents(entity, samples, [first, *others]):
        # New words become tags once, whoever brings them.
        make_missing(intent.values.get("tags", ()), actor=SYSTEM, at=AT)
        one = Traces()
        _alone(entity, first, intent)
        by_itself = one.found(1)
        many = Traces()
        _together(entity, others, intent)
        for alone, together in zip(by_itself, many.found(2), strict=True):
            assert alone == together, intent.action
        for record in (first, *others):
            record.refresh_from_db()
        assert {record.version for record in (first, *others)} == {first.version}
        assert {record.updated_at for record in (first, *others)} == {intent.at}
        assert {record.deleted_at for record in (first, *others)} == {first.deleted_at}
