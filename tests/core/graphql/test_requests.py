"""The transport: methods, media types, bodies, and errors that tell nothing of our insides."""

from __future__ import annotations

from typing import Any

import pytest

from core.reads import reader
from crm.models import Company
from tests.core.graphql.conftest import GraphQL

pytestmark = pytest.mark.django_db

QUERY = b'{"query": "{ companies { nodes { name } } }"}'
WITH_FILTER = "query ($v: Criteria, $q: String, $sort: [String!], $after: String, $first: Int) { companies(filter: $v, q: $q, sort: $sort, after: $after, first: $first) { nodes { id } } }"  # noqa: E501


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed_body"),
        (b"\xff\xfe", 400, "malformed_body"),
        (b'{"query": "\\ud800"}', 400, "malformed_body"),
        (b'{"query": "{ __typename }", "query": "{ __typename }"}', 400, "malformed_body"),
        (b"[" * 100_000, 400, "malformed_body"),
        (b"null", 400, "invalid_request"),
        (b"5", 400, "invalid_request"),
        (b"{}", 400, "invalid_request"),
        (b'{"query": 5}', 400, "invalid_request"),
        (b'{"query": null}', 400, "invalid_request"),
        (b'{"query": "{ __typename }", "variables": []}', 400, "invalid_request"),
        (b'{"query": "{ __typename }", "operationName": 5}', 400, "invalid_request"),
        (b'{"query": "{ __typename }", "extensions": "x"}', 400, "invalid_request"),
        (b'{"query": "{ __typename }", "nope": 1}', 400, "unknown_parameter"),
        (b'{"query": "{ __typename }", "variables": {"nope": 1}}', 400, "unknown_variable"),
        (b'{"query": "' + b"a" * 200_000 + b'"}', 400, "invalid_request"),
        (b'{"query": "' + b"a" * 11_000_000 + b'"}', 413, "too_large"),
    ],
)
def test_malformed_requests(system: GraphQL, body: bytes, status: int, code: str) -> None:
    answer = system.send(body)
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json_and_forms_are_read(system: GraphQL, content_type: str) -> None:
    assert system.raw(QUERY, content_type=content_type).status_code == 415


def test_json_that_calls_itself_a_form_is_refused(system: GraphQL) -> None:
    assert system.raw(QUERY, content_type="multipart/form-data").status_code == 400
    assert system.raw(QUERY, content_type="multipart/form-data; boundary=x").status_code == 400


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_post_runs_operations(system: GraphQL, method: str) -> None:
    given = {"HTTP_AUTHORIZATION": system.token}
    answer = system.client.generic(
        method, "/graphql?query={__typename}", QUERY, content_type="application/json", **given
    )
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    ("accept", "status", "media_type"),
    [
        ("*/*", 200, "application/json"),
        ("application/json", 200, "application/json"),
        ("application/graphql-response+json, application/json;q=0.9", 200, "application/graphql-response+json"),
        ("application/json, multipart/mixed", 200, "application/json"),
        ("image/png", 406, "application/json"),
    ],
)
def test_media_types(system: GraphQL, accept: str, status: int, media_type: str) -> None:
    answer = system.raw(QUERY, accept=accept)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == f"{media_type}; charset=utf-8"


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"v": {"field": "name", "value": "a\x00b"}}, "invalid_criteria"),
        ({"v": {"field": "name", "value": 10**400}}, None),
        ({"v": {"nope": 1}}, "invalid_criteria"),
        ({"v": []}, "invalid_criteria"),
        ({"v": "x"}, "invalid_criteria"),
        ({"q": "a\x00b"}, "invalid"),
        ({"q": "x" * 1000}, "invalid"),
        ({"sort": ["nope"]}, "bad_request"),
        ({"sort": ["a\x00"]}, "bad_request"),
        ({"after": "x"}, "invalid_cursor"),
        ({"after": "\x00"}, "invalid_cursor"),
        ({"after": "ä"}, "invalid_cursor"),
        ({"first": 0}, "invalid"),
        ({"first": -5}, "invalid"),
        ({"first": 201}, "invalid"),
        ({"first": 10**12}, "invalid"),
        ({"first": 1.5}, "invalid"),
        ({"first": True}, "invalid"),
        ({"first": "5"}, "invalid"),
        ({"first": None}, ""),
        ({"sort": None, "q": None, "after": None, "v": None}, ""),
    ],
)
def test_hostile_values(system: GraphQL, variables: dict[str, Any], code: str | None) -> None:
    if code is None:
        # A number that no JSON parser of ours holds exactly.
        body = b'{"query": "query ($v: Criteria) { companies(filter: $v) { nodes { id } } }", "variables": {"v": '
        answer = system.send(body + b'{"field": "name", "value": ' + b"9" * 400 + b"}}}")
        assert answer.status in (200, 400)
        assert answer.code in ("malformed_body", "invalid_criteria")
    else:
        answer = system(WITH_FILTER, variables)
        assert [error["extensions"]["code"] for error in answer.errors] == ([code] if code else [])
        assert all(error["extensions"]["status"] < 500 for error in answer.errors)


def test_ids_that_are_none_name_no_record(system: GraphQL) -> None:
    for text in ("", "x", "a\x00", "0" * 32, "9" * 5000):
        assert system("query ($id: ID!) { company(id: $id) { id } }", {"id": text}).code == "not_found"
        answer = system("mutation ($id: ID!) { updateCompany(id: $id, input: {}) { id } }", {"id": text})
        assert answer.code == "not_found"


def test_our_own_faults_are_told_without_their_insides(system: GraphQL, monkeypatch: pytest.MonkeyPatch) -> None:
    Company.objects.create(name="C")

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("secret")

    monkeypatch.setattr(reader, "page", broken)
    answer = system("{ companies { nodes { id } } }")
    assert answer.status == 200
    assert answer.body["data"] == {"companies": None}
    assert answer.code == "internal_error"
    assert "secret" not in str(answer.body)


def test_answers_are_not_cached_and_vary_by_caller(system: GraphQL) -> None:
    answer = system("{ __typename }")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert {"Authorization", "Cookie"} <= {part.strip() for part in answer.headers["Vary"].split(",")}
