"""The lake selects the same records as the database, whatever the tree, and whoever asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.engine import criteria as lake
from analytics.engine import session as engine
from analytics.lake import syncing
from core import criteria, registry
from core.actors import SYSTEM, Actor, ActorKind, Grant, Visibility
from core.registry import types
from core.registry.entities import Entity
from crm.models import Contact
from tests.analytics import support
from tests.core.criteria import test_agreement as small
from tests.core.criteria.test_agreement import AT, leaf, people, spans, texts

__all__ = ["people"]

pytestmark = pytest.mark.django_db(transaction=True)


def _related(field: str, where: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda op, inner, count, within: {
            "field": field, "op": op, "where": inner, **({"count": count} if count else {}),
            **({"within": within} if within else {}),
        },
        st.sampled_from(["any", "none"]), where, st.none() | small.counts, st.none() | spans,
    )  # fmt: skip


lines = st.one_of(
    leaf("total", "gte", st.sampled_from(["5", "10"])),
    leaf("description", "eq", st.just("thing")),
    leaf("product.line.name", "eq", st.sampled_from(["Cookbooks", "Knives"])),
    leaf("unit_cost", "is_null", st.booleans()),
)
orders = st.one_of(
    leaf("total", "lt", st.sampled_from(["10", "20.5"])),
    *(leaf("channel", op, st.sampled_from(["web", "store"])) for op in ("eq", "ne")),
    leaf("coupon_code", "is_null", st.booleans()),
    leaf("number", "starts_with", st.sampled_from(["1", "2"])),
    leaf("is_gift", "eq", st.booleans()),
    leaf("placed_at", "older_than", spans),
    leaf("contact.city", "eq", texts),
    _related("lines", lines),
)
leaves = st.one_of(
    small.leaves,
    _related("orders", orders),
    _related("interactions", leaf("kind", "eq", st.sampled_from(["call", "visit"])) | st.just({})),
    _related("touches", leaf("medium", "eq", st.just("banner")) | st.just({})),
    _related("notes", st.just({})),
    *(leaf("source", op, st.sampled_from(["web", "Web"])) for op in ("eq", "ne", "contains")),
    *(leaf("metrics.frequency", op, st.integers(0, 3)) for op in ("eq", "gte", "lt")),
    leaf("metrics.monetary", "gte", st.sampled_from(["10", "30.00"])),
    leaf("metrics.rfm_segment", "is_null", st.booleans()),
    leaf("company.name", "contains", st.sampled_from(["1", "company"])),
    leaf("owner.name", "is_null", st.booleans()),
)
trees = st.recursive(
    leaves | st.just({}),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"and": parts}),
        st.lists(inner, max_size=3).map(lambda parts: {"or": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)


@pytest.fixture
def world(people: list[Contact]) -> list[Contact]:
    support.more_of(people, at=AT)
    syncing.sync(at=timezone.now(), full=True)
    return people


def _expected(entity: Entity, tree: Any, actor: Actor) -> set[str]:
    q = criteria.to_q(entity, tree, actor=actor, at=AT)
    return {str(pk) for pk in entity.model.objects.visible_to(actor).alive().filter(q).values_list("pk", flat=True)}


def _agree(actor: Actor, profiles: bool, scratch: Path, examples: int) -> None:
    contact = registry.entity("contact")
    with engine.opened() as session:
        if profiles:
            support.show_profiles(session.duck)

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        @given(trees)
        def agree(tree: dict[str, Any]) -> None:
            lake.select(
                session.duck, contact, tree, into="found", actor=actor, at=AT, scratch=scratch,
                profiles="profiles" if profiles else None,
            )  # fmt: skip
            rows = session.duck.execute("SELECT id FROM found").fetchall()
            assert len(rows) == len(set(rows))
            assert {row[0] for row in rows} == _expected(contact, tree, actor)

        agree()


@pytest.mark.parametrize("profiles", [True, False])
def test_the_lake_agrees_with_the_database(world: list[Contact], profiles: bool, tmp_path: Path) -> None:
    _agree(SYSTEM, profiles, tmp_path, 60)


@pytest.mark.parametrize("hidden", ["contact", "order"])
def test_it_agrees_for_those_who_see_a_part(world: list[Contact], hidden: str, tmp_path: Path) -> None:
    mine = world[1].owner_id
    names = [
        "contact", "company", "order", "order_line", "interaction", "touch", "note", "product", "product_line",
        "contact_metrics", "user", "order_line",
    ]  # fmt: skip
    grants = {name: (Grant(frozenset({"view"}), Visibility.ALL),) for name in names}
    grants[hidden] = (Grant(frozenset({"view"}), Visibility.OWN),)
    _agree(Actor(kind=ActorKind.USER, user_id=mine, id=mine, grants=grants), True, tmp_path, 40)


def test_what_the_lake_holds_is_not_asked_of_the_database(
    world: list[Contact], tmp_path: Path, django_assert_num_queries: Any
) -> None:
    tree = {"and": [
        {"field": "region", "op": "is_null", "value": True},
        {"field": "tags", "op": "has", "value": "vip"},
        {"field": "metrics.frequency", "op": "gte", "value": 0},
        {"field": "orders", "op": "any", "within": "1y", "where": {"field": "channel", "op": "eq", "value": "web"}},
    ]}  # fmt: skip
    with engine.opened() as session:
        support.show_profiles(session.duck)
        with django_assert_num_queries(0):
            lake.select(
                session.duck, registry.entity("contact"), tree, into="found", actor=SYSTEM, at=AT, scratch=tmp_path,
                profiles="profiles",
            )  # fmt: skip


def test_other_kinds_of_records_are_selected_too(world: list[Contact], tmp_path: Path) -> None:
    order = registry.entity("order")
    tree = {"field": "contact.tags", "op": "has", "value": "vip"}
    with engine.opened() as session:
        lake.select(session.duck, order, tree, into="found", actor=SYSTEM, at=AT, scratch=tmp_path)
        found = {row[0] for row in session.duck.execute("SELECT id FROM found").fetchall()}
    assert found == _expected(order, tree, SYSTEM)
    assert all(UUID(each) for each in found)
    assert isinstance(order.by_name["total"].type, types.DecimalNumber)
