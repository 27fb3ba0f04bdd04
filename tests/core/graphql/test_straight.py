"""Answers laid out straight from plans are what graphql-core's executor gives, to the byte, errors included."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from config.schema import engines
from core import clock
from core.actors import SYSTEM, Actor, Visibility
from core.graphql import layout
from core.graphql.engine import Result
from core.graphql.reading import Environment
from crm.models import Company, Contact
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db
engine = engines.engine_for(b"")

MISSING = '{ company(id: "00000000-0000-7000-8000-000000000000") { name } contacts { nodes { id } } }'
SPREAD = """{ companies { ...A ...B } }
fragment A on CompanyConnection { nodes { name } }
fragment B on CompanyConnection { nodes { ...C id } }
fragment C on Company { id parent { name } }"""
QUERIES: list[tuple[str, dict[str, Any]]] = [
    ("{ __typename companies { __typename nodes { __typename id } } }", {}),
    ("{ companies { nodes { b: name a: id name } pageInfo { hasNextPage endCursor } } }", {}),
    ("{ companies(first: 1) { edges { cursor node { name } } pageInfo { startCursor hasPreviousPage } } }", {}),
    ("{ x: companies { nodes { id } } y: companies(sort: [\"name\"]) { nodes { name } } }", {}),
    ("{ companies { nodes { id } nodes { name } edges { node { industry } } } }", {}),
    (SPREAD, {}),
    ("{ ... on Query { companies { nodes { ... @include(if: true) { name } ... on Company { id } } } } }", {}),
    ("query ($yes: Boolean!) { companies { nodes { id @include(if: $yes) name @skip(if: $yes) } } }", {"yes": True}),
    ("query ($yes: Boolean!) { companies { nodes { id @include(if: $yes) name @skip(if: $yes) } } }", {"yes": False}),
    ("query ($yes: Boolean = false) { companies @include(if: $yes) { nodes { id } } }", {}),
    ("{ companies { nodes { contacts(first: 1) { nodes { name company { name owner { name } } } } } } }", {}),
    ("{ companies { nodes { c: contacts { nodes { n: name } } d: contacts(first: 1) { edges { cursor } } } } }", {}),
    ("{ companies(first: 2) { nodes { tags custom version createdAt } } }", {}),
    ("{ contacts { nodes { lifecycleStage company { ...F } } } } fragment F on Company { name tags }", {}),
    (MISSING, {}),
    ("{ company(id: \"no id\") { name } }", {}),
    ('{ companies(filter: {field: "nope", value: 1}) { nodes { id } } contacts { nodes { id } } }', {}),
    ('{ companies(after: "x") { nodes { id } } }', {}),
    ("{ companies(first: 1000) { nodes { id } } }", {}),
    ("{ companies(sort: [\"custom\"]) { nodes { id } } }", {}),
    ('{ contactAggregate(groupBy: [{field: "lifecycle_stage"}]) { keys values __typename } }', {}),
    ("{ __schema { queryType { name } } companies { nodes { name } } }", {}),
    ('{ __type(name: "Company") { name kind } }', {}),
]  # fmt: skip


@pytest.fixture(autouse=True)
def records() -> None:
    parent = Company.objects.create(name="Parent", industry="steel", tags=["b", "a"])
    for i in range(3):
        company = Company.objects.create(name=f"C{i}", parent=parent if i else None)
        for n in range(i):
            Contact.objects.create(first_name=f"P{n}", company=company)


def both(query: str, variables: dict[str, Any], actor: Actor = SYSTEM) -> tuple[Result, Result]:
    env = Environment(actor, clock.now())
    prepared = engine.prepare(query, variables=variables, operation_name=None)
    return engine.run(prepared, env), engine.run(prepared, env, straight=False)


@pytest.mark.parametrize(("query", "variables"), QUERIES)
@pytest.mark.parametrize("visibility", [Visibility.ALL, Visibility.OWN])
def test_both_ways_give_the_same_bytes(query: str, variables: dict[str, Any], visibility: Visibility) -> None:
    straight, generic = both(query, variables, clerk("company", "contact", "user", visibility=visibility))
    # Serialised, so that the order of the keys counts.
    assert orjson.dumps(straight.data) == orjson.dumps(generic.data)
    assert straight.errors == generic.errors


def test_the_corpus_does_go_straight(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("graphql-core was asked to complete the answer")

    monkeypatch.setattr("core.graphql.generic.execute", refuse)
    env = Environment(SYSTEM, clock.now())
    for query, variables in QUERIES[:14]:
        assert engine.run(engine.prepare(query, variables=variables, operation_name=None), env).data is not None


def test_a_null_where_none_may_be_follows_the_rules_of_graphql(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = engine.prepare("{ companies { nodes { id name } } }", variables={}, operation_name=None)
    outcome = prepared.calls[0][1].run(Environment(SYSTEM, clock.now()))
    outcome.rows[1]["name"] = None
    with pytest.raises(layout.NotStraight):
        prepared.compiled.layout({"companies": outcome})
    result = engine._completed(prepared, {"companies": outcome}, achieved=True)
    assert result.data == {"companies": None}
    (error,) = result.errors
    assert error["path"] == ["companies", "nodes", 1, "name"]
    assert error["extensions"]["code"] == "internal_error"
