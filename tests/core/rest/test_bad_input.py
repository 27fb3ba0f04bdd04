"""Bad input is refused with a clear 4xx and a code, writes nothing, and is never our fault."""

from __future__ import annotations

import io
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.test.client import ClientHandler
from pytest_django import Settings

from crm.models import Contact
from tests.core.rest.conftest import Api, problem

MALFORMED = {
    "nothing": b"",
    "half": b'{"first_name": "A',
    "two": b"{} {}",
    "comment": b"{} // x",
    "single quotes": b"{'first_name': 'A'}",
    "trailing comma": b'{"first_name": "A",}',
    "not a number": b'{"first_name": NaN}',
    "infinity": b'{"employees": 1e999}',
    "huge number": b'{"employees": ' + b"9" * 5000 + b"}",
    "invalid utf-8": b'{"first_name": "\xff"}',
    "latin-1": '{"first_name": "Zoë"}'.encode("latin-1"),
    "utf-16": '{"first_name": "A"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"first_name": "A"}',
    "encoded surrogate": b'{"first_name": "\xed\xa0\x80"}',
    "lone surrogate": b'{"first_name": "\\ud800"}',
    "raw control character": b'{"first_name": "a\x00b"}',
    "depth": b"[" * 100_000 + b"]" * 100_000,
    "repeated name": b'{"first_name": "A", "first_name": "B"}',
    "repeated name below": b'{"custom": {"a": 1, "a": 2}}',
}
INVALID: dict[str, tuple[Any, str, str]] = {
    "a list": ([], "", "wrong_type"),
    "a text": ("x", "", "wrong_type"),
    "null": (None, "", "wrong_type"),
    "unknown field": ({"nope": 1}, "/nope", "unknown_field"),
    "read-only field": ({"version": 7}, "/version", "read_only"),
    "number for text": ({"first_name": 1}, "/first_name", "wrong_type"),
    "object for text": ({"first_name": {}}, "/first_name", "wrong_type"),
    "NUL": ({"first_name": "a\x00b"}, "/first_name", "nul_character"),
    "too long": ({"first_name": "a" * 10_001}, "/first_name", "too_long"),
    "bad e-mail": ({"email": "nobody"}, "/email", "invalid_email"),
    "bad choice": ({"lifecycle_stage": "x"}, "/lifecycle_stage", "invalid_choice"),
    "bad id": ({"company_id": "1"}, "/company_id", "invalid_id"),
    "bad date": ({"birth_date": "2020-02-30"}, "/birth_date", "invalid_date"),
    "text for list": ({"tags": "x"}, "/tags", "wrong_type"),
    "deep custom values": ({"custom": {"a": {"b": {"c": {}}}}}, "/custom/a", "unknown_field"),
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
def test_malformed_bodies(api: Api, content: bytes) -> None:
    answer = api.send("POST", "contacts", content)
    if content:
        problem(answer, 400, "malformed_body")
    else:
        # Without a body there is no media type either.
        problem(answer, 415, "unsupported_media_type")
    assert not Contact.objects.exists()


@pytest.mark.parametrize(("content", "pointer", "code"), INVALID.values(), ids=INVALID)
def test_wrong_values(api: Api, content: Any, pointer: str, code: str) -> None:
    answer = api.send("POST", "contacts", orjson.dumps(content))
    faults = problem(answer, 422, "invalid")["errors"]
    assert (pointer, code) in [(fault["pointer"], fault["code"]) for fault in faults]
    assert not Contact.objects.exists()


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 2**63, 2**64, 10**30, 1.5, -1, True, "5"], ids=repr)
def test_numbers_that_do_not_fit(api: Api, number: Any) -> None:
    faults = problem(api.post("companies", {"name": "A", "employees": 1} | _raw("employees", number)), 422, "invalid")
    assert faults["errors"][0]["pointer"] == "/employees"


def _raw(name: str, number: Any) -> dict[str, Any]:
    """Numbers beyond 64 bits, which the writer of JSON in the tests does not know, go as floats."""
    return {name: float(number) if isinstance(number, int) and abs(number) >= 2**63 else number}


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "json"])
def test_other_media_types(api: Api, content_type: str) -> None:
    problem(api.send("POST", "contacts", b"{}", content_type=content_type), 415, "unsupported_media_type")


def test_other_charsets_and_encodings(api: Api) -> None:
    body = b'{"first_name":"A"}'
    refused = api.send("POST", "contacts", body, content_type="application/json; charset=latin-1")
    problem(refused, 415, "unsupported_media_type")
    problem(api.send("POST", "contacts", body, content_encoding="gzip"), 415, "unsupported_media_type")
    fine = api.send("POST", "contacts", body, content_type='application/json; charset="UTF-8"')
    assert fine.status_code == 201


def test_oversized_bodies(api: Api, settings: Settings) -> None:
    settings.BIFOCAL_BODY_LIMITS = {"default": 100, "batch": 200}
    refused = problem(api.post("contacts", {"first_name": "a" * 200}), 413, "too_large")
    assert refused["data"] == {"limit": 100}
    assert api.post("contacts/batch", {"items": [], "atomic": False} | {}).status_code == 200
    problem(api.post("contacts/batch", {"items": ["a" * 300]}), 413, "too_large")
    settings.BIFOCAL_BODY_LIMITS = {}
    problem(api.post("contacts", {"first_name": "a" * 1_100_000}), 413, "too_large")


@pytest.mark.parametrize(
    ("query", "code", "pointer"),
    [
        ("nope=1", "unknown_parameter", "/nope"),
        ("limit=1&limit=2", "invalid_parameter", "/limit"),
        ("limit=0", "invalid_parameter", "/limit"),
        ("limit=201", "invalid_parameter", "/limit"),
        ("limit=x", "invalid_parameter", "/limit"),
        ("limit=", "invalid_parameter", "/limit"),
        ("limit=٣", "invalid_parameter", "/limit"),
        ("limit=" + "9" * 5000, "invalid_parameter", "/limit"),
        ("deleted=1", "invalid_parameter", "/deleted"),
        ("fields=nope", "invalid_parameter", "/fields"),
        ("fields=", "invalid_parameter", "/fields"),
        ("fields=company.nope", "invalid_parameter", "/fields"),
        ("expand=nope", "invalid_parameter", "/expand"),
        ("expand=company.contacts.company.contacts", "invalid_parameter", "/expand"),
        ("expand=orders.lines.order&limit=200", "invalid_parameter", "/expand"),
        ("company_id=x", "invalid_parameter", "/company_id"),
        ("email=", "invalid_parameter", "/email"),
        ("lifecycle_stage=nope", "invalid_parameter", "/lifecycle_stage"),
        ("filter={", "invalid_parameter", "/filter"),
        ("filter={}&filter={}", "invalid_parameter", "/filter"),
        ('filter={"field":"nope","value":1}', "invalid_criteria", "/field"),
        ("filter=[]", "invalid_criteria", ""),
        ("filter=" + '{"not":' * 100 + "{}" + "}" * 100, "invalid_criteria", None),
        ("sort=nope", "bad_request", None),
        ("sort=name,name", "bad_request", None),
        ("after=nonsense", "invalid_cursor", None),
        ("after=%F0", "bad_request", None),
        ("after=" + "A" * 3000, "invalid_cursor", None),
        ("after=WyJuYW1lIiwxXQ", "invalid_cursor", None),
        ("q=%00", "bad_request", None),
        ("q=%FF", "bad_request", None),
        ("q=%ED%A0%80", "bad_request", None),
        ("q=" + "a" * 20_000, "bad_request", None),
        ("&".join(f"p{i}=1" for i in range(500)), "bad_request", None),
    ],
)
def test_bad_parameters(api: Api, query: str, code: str, pointer: str | None) -> None:
    document = problem(api.get(f"contacts?{query}"), 400, code)
    if pointer is not None:
        assert document["errors"][0]["pointer"] == pointer


def test_a_search_text_that_is_too_long(api: Api) -> None:
    for answer in (api.get("contacts?q=" + "a" * 201), api.post("contacts/search", {"q": "a" * 201})):
        assert problem(answer, 422, "invalid")["errors"][0]["pointer"] == "/q"


def test_parameters_where_there_are_none(api: Api) -> None:
    contact = api.made("contacts", first_name="Ann")
    path = f"contacts/{contact['id']}"
    for answer in (
        api.post("contacts?x=1", {"first_name": "A"}),
        api.get(f"{path}?limit=1"),
        api.patch(f"{path}?x=1", {"first_name": "B"}),
        api.delete(f"{path}?force=true"),
        api.post("contacts/search?limit=1", {}),
        api.post("contacts/batch?x=1", {"items": []}),
    ):
        problem(answer, 400, "unknown_parameter")
    assert list(Contact.objects.values_list("first_name", "version")) == [("Ann", 1)]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        ({"nope": 1}, 422, "invalid"),
        ({"limit": "5"}, 422, "invalid"),
        ({"limit": 1000}, 422, "invalid"),
        ({"sort": "name"}, 422, "invalid"),
        ({"fields": ["nope"]}, 400, "invalid_parameter"),
        ({"filter": []}, 400, "invalid_criteria"),
        ({"filter": {"field": "name", "op": "nope", "value": 1}}, 400, "invalid_criteria"),
        ({"filter": {"and": [{"field": "name", "value": "a\x00"}]}}, 400, "invalid_criteria"),
        ({"filter": {"or": [{}] * 300}}, 400, "invalid_criteria"),
        ({"after": "x"}, 400, "invalid_cursor"),
        ({"after": "\x00"}, 422, "invalid"),
        ({"q": "\x00"}, 422, "invalid"),
    ],
)
def test_bad_searches(api: Api, content: dict[str, Any], status: int, code: str) -> None:
    problem(api.post("contacts/search", content), status, code)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ({}, 422),
        ({"items": {}}, 400),
        ({"items": [{}] * 1001}, 400),
        ({"items": [], "atomic": "yes"}, 422),
        ({"items": [], "nope": 1}, 422),
    ],
)
def test_bad_batches(api: Api, content: dict[str, Any], status: int) -> None:
    problem(api.post("contacts/batch", content), status, "invalid" if status == 422 else "bad_request")


@pytest.mark.parametrize(
    "content",
    [
        {"group_by": "name"},
        {"group_by": [1]},
        {"group_by": ["nope"]},
        {"group_by": [{"field": "created_at", "bucket": "aeon"}]},
        {"measures": [{"fn": "sum", "field": "name"}]},
        {"measures": {}},
        {"sort": ["nope"]},
    ],
)
def test_bad_aggregates(api: Api, content: dict[str, Any]) -> None:
    problem(api.post("contacts/aggregate", content), 400, "bad_request")


def test_addresses_that_are_not_there(api: Api) -> None:
    for path in ("nope", "contacts/", "contacts/1", f"contacts/{uuid4()}/nope", "/api", "/api/v2/contacts", "%ff"):
        problem(api.get(path), 404, "not_found")
    problem(api.get(f"contacts/{uuid4()}"), 404, "not_found")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "application/json;q=0", "x"])
def test_other_representations(api: Api, accept: str) -> None:
    problem(api.get("contacts", accept=accept), 406, "not_acceptable")


@pytest.mark.parametrize(
    "accept", ["*/*", "application/*;q=0.1", "text/html, application/json;q=0.5", "application/json"]
)
def test_json_is_accepted(api: Api, accept: str) -> None:
    assert api.get("contacts", accept=accept).status_code == 200


def test_callers_must_say_who_they_are(nobody: Api) -> None:
    for answer in (nobody.get("contacts"), nobody.post("contacts", {}), nobody.get(f"contacts/{uuid4()}")):
        problem(answer, 401, "not_authenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def raw(api: Api, **environ: Any) -> tuple[str, dict[str, Any]]:
    """What a request answers that no well-behaved client would send."""
    base = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/api/v1/contacts",
        "QUERY_STRING": "",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "HTTP_AUTHORIZATION": api.token,
    }
    answer = ClientHandler()(base | environ)
    return str(answer.status_code), orjson.loads(answer.content)


def test_raw_bytes_in_the_address(api: Api) -> None:
    for environ in (
        {"QUERY_STRING": "q=\xff"},
        {"QUERY_STRING": "q=\xc3\x28"},
        {"QUERY_STRING": "\x00=1"},
        {"PATH_INFO": "/api/v1/\xff\xfe"},
        {"PATH_INFO": "/api/v1/contacts\x00"},
    ):
        status, document = raw(api, **environ)
        assert status[:1] == "4", document
        assert document["code"] in {"bad_request", "not_found"}


def test_a_body_that_ends_too_soon(api: Api) -> None:
    environ = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "100"}
    status, document = raw(api, **environ, **{"wsgi.input": io.BytesIO(b'{"first_name":')})
    assert (status, document["code"]) == ("400", "malformed_body")


def test_a_body_of_unknown_length(api: Api) -> None:
    environ = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/json", "HTTP_TRANSFER_ENCODING": "chunked"}
    status, document = raw(api, **environ, **{"wsgi.input": io.BytesIO(b"{}")})
    assert (status, document["code"]) == ("411", "length_required")


def test_a_wrong_host_is_told_in_json(api: Api) -> None:
    status, document = raw(api, HTTP_HOST="evil.example")
    assert (status, document["code"]) == ("400", "bad_request")
