"""Files in and out, through both doors: multipart forms, the GraphQL multipart specification, links to downloads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import include, path
from pytest_django import Settings

from core import rate_limits, registry
from core.actors import Actor
from core.graphql.engines import Engines
from core.graphql.schema import build
from core.graphql.view import GraphQLView
from core.jobs import acting
from core.registry.fields import Field, Shape
from core.registry.operations import Operation, OperationKind
from core.registry.types import Attachment, Download, Integer, Json, Text, Upload
from core.rest import authentication, routes
from tests.core.graphql.conftest import CALLERS, authenticate
from tests.support.actors import clerk

TOLD = Shape(title="TestTold", fields=(Field("name", Text()), Field("sha256", Text()), Field("options", Json())))
CALLS: list[str] = []


def take(*, actor: Actor, at: datetime, file: UploadedFile[Any], options: Any = None) -> Any:
    CALLS.append(str(file.name))
    return {"name": file.name, "sha256": hashlib.sha256(file.read()).hexdigest(), "options": options}


def give(*, actor: Actor, at: datetime, pieces: int) -> Attachment:
    content = [b"%d," % number for number in range(pieces)]
    return Attachment('naïve "name".csv', "text/csv; charset=utf-8", lambda: content, sum(map(len, content)))


FILE = Field("file", Upload(), required=True, nullable=False)
PIECES = Field("pieces", Integer(minimum=1), required=True, nullable=False)
QUERY = OperationKind.QUERY
OPERATIONS = (
    Operation("test_take", "test/take", take, "contact", "update", input=(FILE, Field("options", Json())), output=TOLD),
    Operation(
        "test_give",
        "test/give",
        give,
        "contact",
        "view",
        OperationKind.QUERY,
        "GET",
        input=(PIECES,),
        output=Download(),
    ),
)
TAKE = "mutation($file: Upload!, $options: JSON) { testTake(file: $file, options: $options) { name sha256 options } }"
CONTENT = bytes(range(256)) * 20_000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch, settings: Settings, clean_cache: None, db: None) -> Iterator[None]:
    """The operations above, in a URL configuration and a schema of their own."""
    monkeypatch.setattr(registry, "_operations", {item.name: item for item in OPERATIONS})
    graphql = path("graphql", GraphQLView.as_view(engines=Engines(build())))
    settings.ROOT_URLCONF = type("Urls", (), {"urlpatterns": [graphql, path("", include(routes.urlpatterns()))]})
    settings.BIFOCAL_AUTHENTICATOR = f"{authenticate.__module__}.authenticate"
    authentication.authenticator.cache_clear()
    rate_limits.limiter.cache_clear()
    CALLERS["Bearer all"] = clerk("contact")
    CALLERS["Bearer few"] = clerk("contact", actions=("create",))
    CALLS.clear()
    by_id = lambda kind, key, *_: next((one for one in CALLERS.values() if (one.kind, one.id) == (kind, key)), None)  # noqa: E731
    monkeypatch.setattr(acting, "_find", [by_id])
    yield
    CALLERS.clear()
    authentication.authenticator.cache_clear()


def upload(name: str = "a.bin") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, CONTENT, "text/plain")


def sent(address: str, parts: dict[str, Any], caller: str, headers: dict[str, str]) -> Any:
    form = encode_multipart(BOUNDARY, parts)
    given = {"Authorization": f"Bearer {caller}"} | headers
    return Client().generic("POST", address, form, content_type=MULTIPART_CONTENT, headers=given)


def rest(parts: dict[str, Any], caller: str = "all", **headers: str) -> Any:
    return sent("/api/v1/test/take", parts, caller, headers)


def graphql(operations: Any, places: Any, files: dict[str, Any], caller: str = "all", **headers: str) -> Any:
    texts = {"operations": orjson.dumps(operations).decode(), "map": orjson.dumps(places).decode()}
    return sent("/graphql", texts | files, caller, headers)


def ask(**variables: Any) -> dict[str, Any]:
    return {"query": TAKE, "variables": {"file": None, **variables}}


def test_a_file_comes_whole_through_both_doors() -> None:
    over_rest = rest({"file": upload(), "options": '{"a": [1]}'})
    over_graphql = graphql(ask(options={"a": [1]}), {"0": ["variables.file"]}, {"0": upload()})
    told = {"name": "a.bin", "sha256": DIGEST, "options": {"a": [1]}}
    assert over_rest.json() == told
    assert over_graphql.json() == {"data": {"testTake": told}}


@pytest.mark.parametrize(
    ("parts", "status", "code"),
    [
        ({}, 422, "invalid"),
        ({"file": "no file"}, 422, "invalid"),
        ({"file": upload(), "bogus": "1"}, 422, "invalid"),
        ({"file": upload(), "options": "{"}, 422, "invalid"),
        ({"file": [upload(), upload()]}, 400, "malformed_body"),
    ],
)
def test_wrong_forms_are_refused(parts: dict[str, Any], status: int, code: str) -> None:
    answer = rest(parts)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert CALLS == []


def test_json_where_a_form_is_needed_is_refused() -> None:
    answer = Client().post("/api/v1/test/take", {}, "application/json", headers={"Authorization": "Bearer all"})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("operations", "places", "files"),
    [
        (ask(), {}, {"0": upload()}),
        (ask(), {"0": ["variables.other"]}, {"0": upload()}),
        (ask(), {"0": ["query"]}, {"0": upload()}),
        (ask(), {"0": "variables.file"}, {"0": upload()}),
        (ask(), {"0": ["variables.file"], "1": ["variables.options"]}, {"0": upload()}),
        (ask(file="x"), {"0": ["variables.file"]}, {"0": upload()}),
        ([ask()], {"0": ["0.variables.file"]}, {"0": upload()}),
        (ask(options=[None]), {"0": ["variables.options.7"]}, {"0": upload()}),
    ],
)
def test_wrong_maps_are_refused(operations: Any, places: Any, files: dict[str, Any]) -> None:
    answer = graphql(operations, places, files)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "invalid_request"
    assert CALLS == []


def test_a_file_is_no_part_of_free_json() -> None:
    places = {"0": ["variables.file", "variables.options.a.0"]}
    answer = graphql(ask(options={"a": [None]}), places, {"0": upload()})
    refusal = answer.json()["errors"][0]["extensions"]
    assert (refusal["code"], refusal["errors"][0]["pointer"]) == ("invalid", "/options")
    assert CALLS == []


def test_too_large_a_file_is_refused(settings: Settings) -> None:
    settings.BIFOCAL_BODY_LIMITS = {"upload": len(CONTENT) - 1}
    over_rest = rest({"file": upload()})
    over_graphql = graphql(ask(), {"0": ["variables.file"]}, {"0": upload()})
    assert over_rest.json()["errors"][0] == over_graphql.json()["errors"][0]["extensions"]["errors"][0]
    assert over_rest.json()["errors"][0]["code"] == "too_large"


def test_a_form_beyond_all_limits_is_not_read(settings: Settings) -> None:
    settings.BIFOCAL_BODY_LIMITS = {"upload": 1000}
    assert rest({"file": upload()}).status_code == 413
    assert graphql(ask(), {"0": ["variables.file"]}, {"0": upload()}).status_code == 413


def test_without_the_grant_nothing_is_taken() -> None:
    assert rest({"file": upload()}, caller="few").status_code == 403
    answer = graphql(ask(), {"0": ["variables.file"]}, {"0": upload()}, caller="few")
    assert answer.json()["errors"][0]["extensions"]["status"] == 403
    assert rest({"file": upload()}, caller="nobody").status_code == 401
    assert CALLS == []


def test_a_file_sent_twice_under_one_key_is_taken_once() -> None:
    first = rest({"file": upload()}, **{"Idempotency-Key": "k"})
    again = rest({"file": upload()}, **{"Idempotency-Key": "k"})
    other = rest({"file": upload("b.bin")}, **{"Idempotency-Key": "k"})
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (first.json(), other.status_code) == (again.json(), 422)
    for _ in range(2):
        graphql(ask(), {"0": ["variables.file"]}, {"0": upload("c.bin")}, **{"Idempotency-Key": "g"})
    assert CALLS == ["a.bin", "c.bin"]


def link() -> dict[str, Any]:
    query = {"query": "{ testGive(pieces: 3) { url name mediaType size expiresAt } }"}
    answer = Client().post("/graphql", query, "application/json", headers={"Authorization": "Bearer all"})
    return dict(answer.json()["data"]["testGive"])


def test_a_download_is_the_same_through_both_doors() -> None:
    headers = {"Authorization": "Bearer all", "Accept": "text/csv"}
    over_rest = Client().get("/api/v1/test/give?pieces=3", headers=headers)
    given = link()
    over_graphql = Client().get(given["url"])
    for answer in (over_rest, over_graphql):
        assert answer.getvalue() == b"0,1,2,"
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''na%C3%AFve")
        assert (answer.headers["X-Content-Type-Options"], answer.headers["Content-Length"]) == ("nosniff", "6")
    assert (given["size"], given["mediaType"]) == (6, "text/csv; charset=utf-8")
    head = Client().head("/api/v1/test/give?pieces=3", headers=headers)
    assert (head.status_code, head.headers["Content-Length"], head.getvalue()) == (200, "6", b"")


def test_a_link_is_gone_when_it_expires_or_was_never_given() -> None:
    given = link()
    cache.clear()
    for url in (given["url"], given["url"] + "x", "/api/v1/downloads/x"):
        assert Client().get(url).status_code == 404


def test_a_link_of_who_may_no_longer_have_the_file_gives_nothing() -> None:
    given, lost = link(), link()
    assert Client().get(given["url"]).status_code == 200
    CALLERS["Bearer all"] = replace(CALLERS["Bearer all"], grants={})
    assert Client().get(given["url"]).status_code == 403
    CALLERS.clear()
    assert Client().get(lost["url"]).status_code == 403


def test_refused_downloads_are_problems() -> None:
    wrong = Client().get("/api/v1/test/give?pieces=0", headers={"Authorization": "Bearer all"})
    forbidden = Client().get("/api/v1/test/give?pieces=1", headers={"Authorization": "Bearer few"})
    assert (wrong.status_code, wrong.headers["Content-Type"]) == (422, "application/problem+json")
    assert forbidden.status_code == 403
