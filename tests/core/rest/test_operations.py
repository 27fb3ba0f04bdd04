"""Calls from their declarations: on a record, free, by GET and with parameters in the path."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection
from django.urls import include, path

from core import registry
from core.actors import Actor
from core.errors import Conflict, Unavailable
from core.registry.entities import Entity
from core.registry.feeds import FeedPage
from core.registry.fields import Field, Shape
from core.registry.operations import Operation, OperationKind
from core.registry.types import Boolean, Integer, Text, TextList
from core.rest import routes
from crm.models import Contact
from tests.core.rest.conftest import Api, problem
from tests.support.actors import clerk

SUM = Shape(title="TestSum", fields=(Field("sum", Integer()),))


def add(*, actor: Actor, at: datetime, a: int, b: int = 1, words: list[str] | None = None, no: bool = False) -> Any:
    return {"sum": a + b, "words": words, "no": no}


def fail(*, actor: Actor, at: datetime, how: str) -> None:
    Contact.objects.create(first_name="half")
    match how:
        case "conflict":
            raise Conflict
        case "unavailable":
            raise Unavailable
        case "bug":
            raise RuntimeError("secret")
        case "sql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1/0")
        case "deadlock":
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$")
        case "duplicate":
            Contact.objects.create(email="a@example.com")
            Contact.objects.create(email="a@example.com")
        case "surrogate":
            Contact.objects.create(first_name="\ud800")
        case "nul":
            Contact.objects.create(first_name="a\x00")


def rename(*, actor: Actor, at: datetime, record_id: UUID, to: str) -> UUID:
    record = registry.entity("contact").writes.update(  # type: ignore[union-attr]
        actor=actor, record_id=record_id, values={"first_name": to}, at=at
    )
    return UUID(str(record.pk))


INPUT = (
    Field("a", Integer(), required=True, nullable=False),
    Field("b", Integer(), nullable=False),
    Field("words", TextList()),
    Field("no", Boolean()),
)
QUERY = OperationKind.QUERY
OPERATIONS = (
    Operation("test_add", "test/add", add, "contact", "view", QUERY, "GET", input=INPUT, output=SUM),
    Operation("test_add_by_post", "test/add", add, "contact", "view", QUERY, input=INPUT, output=SUM),
    Operation("test_add_to", "test/add/{a}", add, "contact", "view", QUERY, "GET", input=INPUT, output=SUM),
    Operation("test_fail", "test/fail", fail, "contact", "update", input=(Field("how", Text()),), output=SUM),
    Operation("test_feed", "test/feed", lambda **_: FeedPage([{"n": 1}], "c"), "contact", "view", QUERY,
              "GET", output=SUM),
    Operation("test_rename", "rename", rename, "contact", "update", on_record=True,
              input=(Field("to", Text(), required=True, nullable=False),)),
)  # fmt: skip


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """The operations above, in a URL configuration of their own."""
    entity: Entity = registry.entity("contact")
    free = {item.name: item for item in OPERATIONS if not item.on_record}
    monkeypatch.setattr(registry, "_operations", free)
    monkeypatch.setattr(entity, "operations", [item for item in OPERATIONS if item.on_record])
    settings.ROOT_URLCONF = type("Urls", (), {"urlpatterns": [path("", include(routes.urlpatterns()))]})


def test_input_comes_from_the_query_string(api: Api) -> None:
    assert api.get("test/add?a=2&b=3&words=y,x&no=true").json() == {"sum": 5, "words": ["x", "y"], "no": True}
    assert api.get("test/add/7?b=3").json()["sum"] == 10
    assert api.get("test/feed").json() == {"data": [{"n": 1}], "next": "c"}
    problem(api.get("test/add"), 422, "invalid")
    problem(api.get("test/add?a=x"), 422, "invalid")
    problem(api.get("test/add/x"), 422, "invalid")
    problem(api.get("test/add?a=1&z=1"), 400, "unknown_parameter")
    problem(api.get("test/add/7?a=1"), 400, "unknown_parameter")


def test_input_comes_from_the_body(api: Api) -> None:
    assert api.post("test/add", {"a": 2}).json()["sum"] == 3
    problem(api.post("test/add", {"a": "2"}), 422, "invalid")
    problem(api.post("test/add", []), 422, "invalid")
    problem(api.post("test/add"), 415, "unsupported_media_type")
    problem(api.post("test/add?a=1", {"a": 1}), 400, "unknown_parameter")


def test_on_a_record(api: Api, caller: Any) -> None:
    contact = api.made("contacts", first_name="Ann")
    where = f"contacts/{contact['id']}/rename"
    answer = api.post(where, {"to": "Bea"}, idempotency_key="k", if_match='"1"')
    assert (answer.json()["first_name"], answer.headers["ETag"][:3]) == ("Bea", '"2-')
    assert api.post(where, {"to": "Bea"}, idempotency_key="k", if_match='"1"').content == answer.content
    problem(api.post(where, {"to": "Cyd"}, if_match='"1"'), 412, "stale_version")
    problem(api.post(where, {}), 422, "invalid")
    problem(caller(clerk("contact", actions=("view",))).post(where, {"to": "X"}), 403, "forbidden")
    assert Contact.objects.get().first_name == "Bea"


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("conflict", 409, "conflict"),
        ("unavailable", 503, "unavailable"),
        ("bug", 500, "internal_error"),
        ("sql", 422, "invalid"),
        ("deadlock", 503, "unavailable"),
        ("duplicate", 409, "duplicate"),
        ("surrogate", 422, "invalid"),
        ("nul", 422, "invalid"),
    ],
)
def test_failures_undo_everything_and_show_nothing(api: Api, how: str, status: int, code: str) -> None:
    answer = api.post("test/fail", {"how": how})
    document = problem(answer, status, code)
    assert "secret" not in str(document)
    assert not Contact.objects.exists()
    if how == "duplicate":
        assert document["errors"] == [{"pointer": "/email", "code": "duplicate", "message": "Is already taken."}]
    if how == "deadlock":
        assert answer.headers["Retry-After"] == "1"


def test_what_the_database_refuses_is_named(db: None) -> None:
    from core.problems import problem_of

    assert [problem_of(kind()).status for kind in (IntegrityError, DataError, OperationalError)] == [422, 422, 503]
