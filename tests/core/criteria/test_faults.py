"""What is wrong with criteria is said, with a pointer to the place, and nothing is ignored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from core import criteria, registry
from core.actors import SYSTEM, Actor, ActorKind, Grant, Visibility
from core.criteria.nodes import Condition
from core.errors import InvalidCriteria

AT = datetime(2026, 1, 1, tzinfo=UTC)


def faults(tree: Any, *, entity: str = "contact", actor: Actor = SYSTEM) -> list[tuple[str, str]]:
    with pytest.raises(InvalidCriteria) as refused:
        criteria.to_q(registry.entity(entity), tree, actor=actor, at=AT)
    return [(error.pointer, error.code) for error in refused.value.errors]


def deep(levels: int) -> Any:
    tree: Any = {}
    for _ in range(levels):
        tree = {"not": tree}
    return tree


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ([], [("", "wrong_type")]),
        ("x", [("", "wrong_type")]),
        ({"field": "shoe_size", "value": 3}, [("/field", "unknown_field")]),
        ({"field": ["city"], "value": 3}, [("/field", "wrong_type")]),
        ({"field": "city"}, [("", "missing_value")]),
        ({"value": 1}, [("", "missing_field")]),
        ({"field": "city", "op": "near", "value": "x"}, [("/op", "unknown_operator")]),
        ({"field": "city", "op": {}, "value": "x"}, [("/op", "unknown_operator")]),
        ({"field": "city", "op": "eq", "value": None}, [("/value", "wrong_type")]),
        ({"field": "city", "op": "eq", "value": "a\x00b"}, [("/value", "nul_character")]),
        ({"field": "city", "op": "eq", "value": "\ud800"}, [("/value", "invalid_unicode")]),
        ({"field": "created_at", "op": "gt", "value": "yesterday"}, [("/value", "invalid_datetime")]),
        ({"field": "created_at", "op": "within", "value": "90 days"}, [("/value", "invalid_duration")]),
        ({"field": "created_at", "op": "this", "value": "decade"}, [("/value", "invalid_period")]),
        ({"field": "birth_date", "op": "between", "value": ["2020-01-01"]}, [("/value", "wrong_length")]),
        ({"field": "lifecycle_stage", "op": "in", "value": ["lead", "x"]}, [("/value/1", "invalid_choice")]),
        ({"field": "city", "op": "in", "value": "lead"}, [("/value", "wrong_type")]),
        ({"and": [{}, {"not": {"field": "nope", "value": 1}}]}, [("/and/1/not/field", "unknown_field")]),
        ({"and": {}, "or": []}, [("/or", "unknown_key"), ("/and", "wrong_type")]),
        ({"field": "city", "op": "eq", "value": "x", "case": 1}, [("/case", "unknown_key")]),
        ({"field": "orders", "op": "eq", "value": 1}, [("/value", "unknown_key"), ("/op", "unknown_operator")]),
        ({"field": "orders.total", "op": "gt", "value": "1"}, [("/field", "many")]),
        ({"field": "orders", "where": {"field": "city", "value": "x"}}, [("/where/field", "unknown_field")]),
        ({"field": "orders", "op": "any", "count": {"gte": -1}}, [("/count/gte", "out_of_range")]),
        ({"field": "orders", "op": "any", "count": {"around": 1}}, [("/count/around", "unknown_key")]),
        ({"field": "orders", "op": "any", "count": 3}, [("/count", "wrong_type")]),
        ({"field": "custom.unheard", "value": 3}, [("/field", "unknown_field")]),
        ({"field": "company_id", "value": "17"}, [("/value", "invalid_id")]),
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_fault_is_named_with_its_place(tree: Any, expected: list[tuple[str, str]]) -> None:
    assert faults(tree) == expected


def test_depth_size_and_length_are_limited() -> None:
    assert {code for _, code in faults(deep(40))} == {"too_deep"}
    assert {code for _, code in faults({"and": [{}] * 100_000})} == {"too_many"}
    assert faults({"field": "city", "op": "in", "value": ["x"] * 1001}) == [("/value", "too_many")]


def test_relations_are_crossed_only_so_often() -> None:
    tree: Any = {}
    for relation in ("contact", "orders") * 4:
        tree = {"field": relation, "op": "any", "where": tree}
    assert {code for _, code in faults(tree)} == {"too_deep"}


def test_what_the_actor_may_not_see_cannot_be_asked_for() -> None:
    grants = {
        "product": (Grant(frozenset({"view"}), Visibility.ALL),),
        "contact": (Grant(frozenset({"view"}), Visibility.ALL),),
    }
    clerk = Actor(kind=ActorKind.USER, grants=grants)
    assert faults({"field": "unit_cost", "op": "gt", "value": "1"}, entity="product", actor=clerk) == [
        ("/field", "forbidden_field")
    ]
    assert faults({"field": "orders", "op": "any"}, actor=clerk) == [("/field", "forbidden_field")]


def test_parts_of_addresses_and_numbers_are_looked_for_as_plain_text() -> None:
    for name, part in (("email", "kowalski.77"), ("phone", "+49"), ("email", "@example")):
        tree = {"field": name, "op": "contains", "value": part}
        node = criteria.parse(registry.entity("contact"), tree, actor=SYSTEM)
        assert isinstance(node, Condition)
        assert node.value == part
