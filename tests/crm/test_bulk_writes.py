"""Many at once are one by one: the same records, the same refusals, the same history, events and rows beside them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, transaction
from django.forms.models import model_to_dict

from core import registry
from core.actors import SYSTEM, Actor, ActorKind, Grant, Visibility
from core.errors import DomainError
from core.models import Change, OutboxEvent
from core.problems import domain_error_of
from core.registry.entities import Entity
from core.writes import bulk
from core.writes.settling import Result
from crm.models import LifecycleChange, OrderDiscount, OrderLine, StageChange, Tag
from tests.support.samples import Samples

pytestmark = pytest.mark.django_db

TOGETHER = [item for item in registry.entities() if item.writes is not None and item.writes.together]
BESIDE = (LifecycleChange, StageChange, OrderLine, OrderDiscount, Tag)
# Made anew for each record, by whatever way it is written.
FRESH = {"id", "number"}


class _Undone(Exception):
    pass


def test_the_entities_of_imports_are_written_together() -> None:
    assert {"contact", "company", "product", "deal", "order", "interaction"} <= {item.name for item in TOGETHER}


def undone(do: Callable[[], list[Result]]) -> dict[str, Any]:
    """What is told of the results and found in the database, before all of it is rolled back."""
    found: dict[str, Any] = {}
    try:
        with transaction.atomic():
            before = Counter(OutboxEvent.objects.values_list("name", flat=True))
            changes = Counter(Change.objects.values_list("entity", "operation"))
            results = do()
            found["results"] = [_told(result) for result in results]
            found["events"] = Counter(OutboxEvent.objects.values_list("name", flat=True)) - before
            found["history"] = Counter(Change.objects.values_list("entity", "operation")) - changes
            found["beside"] = {model.__name__: model.objects.count() for model in BESIDE}
            raise _Undone
    except _Undone:
        return found


def _told(result: Result) -> Any:
    if result.error is not None:
        return (result.error.code, sorted((fault.pointer, fault.code) for fault in result.error.errors))
    result.record.refresh_from_db()
    values = model_to_dict(result.record) | {
        "version": result.record.version,
        "owner": getattr(result.record, "owner_id", None),
    }
    return {name: value for name, value in values.items() if name not in FRESH}


def one_by_one(write: Callable[[int], Any], count: int) -> list[Result]:
    results = []
    for index in range(count):
        result = Result()
        try:
            with transaction.atomic():
                result.record = write(index)
        except (DomainError, DatabaseError) as refusal:
            result.error = domain_error_of(refusal)
        results.append(result)
    return results


def spoilt(
    values: dict[str, Any], entity: Entity, dice: random.Random, others: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """The values with one thing changed, for worse or not."""
    values = dict(values)
    fields = [item for item in entity.input_fields() if item.stored]
    item = dice.choice(fields)
    match dice.randrange(9):
        case 0:
            values.pop(item.name, None)
        case 1:
            values[item.name] = None
        case 2:
            values[item.name] = "x" * 300
        case 3:
            reference = next((each for each in fields if each.reference), item)
            values[reference.name] = str(uuid4())
        case 4 if others:
            key = dice.choice(entity.keys)
            values[key] = dice.choice(others).get(key, values.get(key))
        case 5:
            values["bogus"] = 1
        case 6 if "tags" in entity.by_name:
            values["tags"] = ["a", "b", f"c{dice.randrange(5)}"]
        case 7 if "currency" in entity.by_name:
            values["currency"] = "EUR"
    return values


def actors(entity: Entity) -> dict[str, Actor]:
    everything = entity.actions
    views = {other.name: (Grant(frozenset({"view"}), Visibility.ALL),) for other in registry.entities()}
    views["order_line"] = (Grant(frozenset({"view", "view_costs"}), Visibility.ALL),)
    somebody = Samples(start=77_777).make("user")
    own = (Grant(frozenset(everything), Visibility.OWN),)
    mine = Actor(kind=ActorKind.USER, id=somebody.pk, user_id=somebody.pk, label="x", grants=views | {entity.name: own})
    return {"system": SYSTEM, "own": mine}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("entity", TOGETHER, ids=lambda item: item.name)
def test_creating(entity: Entity, seed: int) -> None:
    dice = random.Random(seed)
    samples = Samples(start=seed * 1000 + 1)
    writes: Any = entity.writes
    base = [samples.full(entity) if dice.random() < 0.6 else samples.minimal(entity) for _ in range(9)]
    values = [given if dice.random() < 0.4 else spoilt(given, entity, dice, base) for given in base]
    for name, actor in actors(entity).items():
        single = undone(
            lambda actor=actor: one_by_one(
                lambda index: writes.create(actor=actor, values=values[index], at=samples.at), len(values)
            )
        )
        together = undone(lambda actor=actor: bulk.create_many(writes, actor=actor, values=values, at=samples.at))
        assert together == single, name
        assert any(isinstance(item, dict) for item in single["results"]) or name == "own"


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("entity", TOGETHER, ids=lambda item: item.name)
def test_updating(entity: Entity, seed: int) -> None:
    dice = random.Random(seed)
    samples = Samples(start=seed * 1000 + 1)
    writes: Any = entity.writes
    ids: list[UUID] = [samples.make(entity).pk for _ in range(6)]
    records = [entity.model._default_manager.get(pk=key) for key in ids]
    base = [samples.changes(entity, record) for record in records]
    values = [
        dict(dice.sample(sorted(given.items()), dice.randrange(len(given) + 1))) if dice.random() < 0.7 else given
        for given in base
    ]
    values = [given if dice.random() < 0.5 else spoilt(given, entity, dice, base) for given in values]
    writes.delete(actor=SYSTEM, record_id=ids[0], at=samples.at) if dice.random() < 0.3 else None
    ids[1] = uuid4() if dice.random() < 0.3 else ids[1]
    for name, actor in actors(entity).items():
        single = undone(
            lambda actor=actor: one_by_one(
                lambda index: writes.update(actor=actor, record_id=ids[index], values=values[index], at=samples.at),
                len(values),
            )
        )
        together = undone(
            lambda actor=actor: bulk.update_many(writes, actor=actor, ids=ids, values=values, at=samples.at)
        )
        assert together == single, name


def test_a_taken_value_refuses_one_and_no_other(maker: Any, at: Any) -> None:
    maker.contact(at, email="ada@example.com")
    writes: Any = registry.entity("contact").writes
    given = [{"email": f"{name}@example.com"} for name in ("bo", "ada", "cy", "bo")]
    results = bulk.create_many(writes, actor=SYSTEM, values=given, at=at)
    assert [result.error.code if result.error else None for result in results] == [None, "duplicate", None, "duplicate"]
    assert LifecycleChange.objects.count() == 3


def test_a_thousand_take_as_many_queries_as_ten(maker: Any, at: Any, django_assert_max_num_queries: Any) -> None:
    writes: Any = registry.entity("contact").writes
    with django_assert_max_num_queries(16):
        bulk.create_many(writes, actor=SYSTEM, values=[{"email": f"a{n}@example.com"} for n in range(1000)], at=at)
    ids = [key for (key,) in writes.entity.model.objects.values_list("pk")]
    with django_assert_max_num_queries(16):
        results = bulk.update_many(
            writes, actor=SYSTEM, ids=ids, values=[{"city": f"C{n}"} for n in range(1000)], at=at
        )
    assert all(result.changed for result in results)
