"""Hostile queries are refused with a code before anything is read, and cheaply."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from graphql import get_introspection_query
from pytest_django import Settings

from tests.core.graphql.conftest import GraphQL
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db


def fragments(body: str, count: int) -> str:
    chain = " ".join(f"fragment F{i} on Company {{ {body.replace('NEXT', f'...F{i + 1}')} }}" for i in range(count))
    return f"{{ companies {{ nodes {{ ...F0 }} }} }} {chain} fragment F{count} on Company {{ id }}"


HOSTILE = {
    "deep": ("{ companies { nodes " + "{ parent " * 25 + "{ id }" + " }" * 25 + " } }", "query_too_complex"),
    "deeper than the parser goes": ("{ a" + "{ a" * 3000 + "}" * 3001, "syntax_error"),
    "deep literal": ("{ companies(filter: " + "[" * 1900 + "]" * 1900 + ") { nodes { id } } }", "syntax_error"),
    "aliased": ("{ companies { nodes { " + " ".join(f"a{i}: id" for i in range(60)) + " } } }", "query_too_complex"),
    "many roots": ("{ " + "companies { nodes { id } } " * 30 + "}", "query_too_complex"),
    "wide": ("{ companies { nodes { " + "id " * 1100 + "} } }", "query_too_complex"),
    "long": ("{ " + "a " * 5000 + "}", "syntax_error"),
    "fragments that multiply": (fragments("a: parent { id } b: parent { id } NEXT NEXT", 20), "query_too_complex"),
    "fragments in each other": (fragments("a: parent { NEXT } b: parent { NEXT }", 20), "query_too_complex"),
    "fragments in a circle": (
        "{ companies { nodes { ...A } } } fragment A on Company { ...B } fragment B on Company { ...A }",
        "invalid_query",
    ),
    "directives": ("{ companies { nodes { id " + "@include(if: true) " * 60 + "} } }", "query_too_complex"),
    "definitions": (
        " ".join(f"query Q{i} {{ companies {{ nodes {{ id }} }} }}" for i in range(40)),
        "query_too_complex",
    ),
    "expensive": (
        "{ companies(first: 200) { nodes { contacts(first: 99) { nodes { orders(first: 99) { nodes { id } } } } } } }",
        "query_too_complex",
    ),
    "introspection of introspection": (
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
        "invalid_query",
    ),
    "huge number": ("{ companies(first: " + "9" * 4000 + ") { nodes { id } } }", "invalid_query"),
    "number without end": ('{ companies(filter: {field: "name", value: 1e999}) { nodes { id } } }', "invalid_query"),
    "lone surrogate": ('{ companies(q: "\\ud800") { nodes { id } } }', "syntax_error"),
    "nothing": ("", "syntax_error"),
    "no operation": ("fragment A on Company { id }", "invalid_query"),
    "subscription": ("subscription { companies { nodes { id } } }", "bad_request"),
    "type definitions": ("type A { id: ID }", "invalid_query"),
    "unknown field": ("{ companies { nodes { nope } } }", "invalid_query"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_queries_are_refused_before_anything_is_read(system: GraphQL, name: str) -> None:
    query, code = HOSTILE[name]
    with CaptureQueriesContext(connection) as queries:
        answer = system(query)
    assert answer.status == 400
    assert {error["extensions"]["code"] for error in answer.errors} == {code}
    assert "data" not in answer.body
    assert len(answer.errors) <= 11
    # A look at the schema asks first whether the definitions of custom fields have changed.
    assert [query["sql"] for query in queries if "crm_custom_field" not in query["sql"]] == []


def test_an_array_of_requests_is_refused(system: GraphQL) -> None:
    answer = system.send([{"query": "{ __typename }"}] * 2)
    assert (answer.status, answer.code) == (400, "batching_not_supported")


def test_one_of_several_operations_must_be_named(system: GraphQL) -> None:
    query = "query A { __typename } query B { companies { nodes { id } } }"
    assert system.send({"query": query, "operationName": "A"}).data == {"__typename": "Query"}
    for content in ({"query": query}, {"query": query, "operationName": "C"}):
        assert system.send(content).code == "no_such_operation"


def test_the_cost_is_told_when_asked(system: GraphQL) -> None:
    query = "{ companies(first: 50) { nodes { name contacts(first: 5) { nodes { name } } } } }"
    assert system.send({"query": query, "extensions": {"cost": True}}).body["extensions"] == {"cost": 300}
    assert "extensions" not in system.send({"query": query}).body


def test_a_useful_nested_query_is_within_limits(system: GraphQL) -> None:
    query = """{ companies(first: 25) { edges { node { contacts(first: 5) { edges { node {
      orders(first: 5) { edges { node { lines(first: 5) { edges { node { product { name } } } } } } }
    } } } } } } }"""
    assert system(query).data == {"companies": {"edges": []}}


@pytest.mark.parametrize(
    ("policy", "signed_in", "anonymous"),
    [
        ("everyone", None, None),
        ("signed_in", None, "not_authenticated"),
        ("nobody", "introspection_disabled", "not_authenticated"),
    ],
)
def test_introspection_by_setting(
    settings: Settings, caller: Any, policy: str, signed_in: str | None, anonymous: str | None
) -> None:
    settings.BIFOCAL_GRAPHQL_INTROSPECTION = policy
    for graphql, code in ((caller(clerk()), signed_in), (GraphQL(""), anonymous)):
        for query in (get_introspection_query(), "{ t: __type(name: \"Company\") { name } }"):  # fmt: skip
            answer = graphql(query)
            assert [error["extensions"]["code"] for error in answer.errors] == ([code] if code else [])
            assert ("data" in answer.body) is (code is None)


def test_messages_do_not_name_fields_where_the_schema_is_hidden(settings: Settings, system: GraphQL) -> None:
    query = "{ companies { nodes { nam } } }"
    assert "name" in system(query).errors[0]["message"]
    settings.BIFOCAL_GRAPHQL_INTROSPECTION = "nobody"
    assert "name" not in system(query).errors[0]["message"]


def test_anonymous_callers_reach_no_data(nobody: GraphQL) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = nobody("{ companies { nodes { id } } }")
    assert (answer.status, answer.code) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert len(queries) == 0


def test_the_rate_limit_is_shared_and_published(settings: Settings, caller: Any) -> None:
    settings.BIFOCAL_RATE_LIMIT = 2
    graphql = caller(clerk())
    answers = [graphql("{ __typename }") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[0].headers["RateLimit-Remaining"] == "1"
    assert answers[2].code == "too_many_requests"
    assert "Retry-After" in answers[2].headers
