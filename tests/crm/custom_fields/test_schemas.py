"""Both served schemas describe the definitions that hold now, in a process that did not make them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from django.test import Client
from graphql import validate_schema
from openapi_spec_validator import OpenAPIV31SpecValidator

from core import registry
from core.actors import SYSTEM
from core.graphql.engines import Engines
from core.graphql.schema import build
from core.rest.openapi import custom, document
from crm.models import Contact, CustomField
from tests.crm.custom_fields.make import AT, define, every_type

pytestmark = pytest.mark.django_db


def described(name: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(custom.served("json"))["components"]["schemas"]
    return found.get(name, {})


def test_openapi_describes_the_definitions_with_types() -> None:
    assert custom.served("json") == document.as_json()
    every_type()
    shown, sent = described("ContactCustom"), described("ContactCustomInput")
    assert described("Contact")["properties"]["custom"]["$ref"] == "#/components/schemas/ContactCustom"
    assert described("ContactUpdate")["properties"]["custom"]["$ref"] == "#/components/schemas/ContactCustomInput"
    assert shown["properties"]["tier"]["enum"] == ["bronze", "gold", None]
    assert sent["properties"]["score"]["type"] == ["number", "null"]
    assert sent["properties"]["budget"]["required"] == ["amount", "currency"]
    assert sent["properties"]["seen"]["format"] == "date"
    assert sent["additionalProperties"] is False
    assert "company" in sent["properties"]["employer"]["description"]
    assert not described("DealCustom")


def test_both_stay_valid_with_every_type() -> None:
    every_type()
    define("size", "number", entity="product", minimum="0", maximum="9.5")
    OpenAPIV31SpecValidator(orjson.loads(custom.served("json"))).validate()
    assert validate_schema(build(registry.custom_definitions()).graphql_schema) == []
    sent = described("ProductCreate")["properties"]["custom"]
    assert sent["$ref"].endswith("ProductCustomInput")
    assert described("ProductCustomInput")["properties"]["size"]["maximum"] == 9.5


def test_openapi_follows_every_change() -> None:
    made = define("tier", "choice", choices=["bronze"])
    assert described("ContactCustom")["properties"]["tier"]["enum"] == ["bronze", None]
    writes = registry.entity("custom_field").writes
    assert writes is not None
    writes.update(actor=SYSTEM, record_id=made.pk, values={"choices": ["bronze", "gold"]}, at=AT)
    assert described("ContactCustom")["properties"]["tier"]["enum"] == ["bronze", "gold", None]
    writes.delete(actor=SYSTEM, record_id=made.pk, at=AT)
    assert custom.served("json") == document.as_json()


def test_only_requests_that_name_custom_fields_look_for_new_definitions(django_assert_num_queries: Any) -> None:
    engines = Engines(build())
    before = engines.engine_for(b'{"query": "{ contacts { nodes { id __typename } } }"}')
    define("tier", "text")
    with django_assert_num_queries(0):
        assert engines.engine_for(b'{"query": "{ contacts { nodes { id __typename } } }"}') is before
    after = engines.engine_for(b'{"query": "{ contacts { nodes { customFields { tier } } } }"}')
    assert after is not before
    assert "ContactCustomFields" in str(after.schema)
    with django_assert_num_queries(1):
        assert engines.engine_for(b'{"query": "{ __schema { types { name } } }"}') is after


def test_names_that_would_be_the_same_stay_apart() -> None:
    define("tier_name", "text")
    define("tier__name", "number")
    text = str(build(registry.custom_definitions()))
    assert "tierName: Float" in text
    assert "tier_name: String" in text


def test_what_does_not_fit_the_type_is_null(owner: Client) -> None:
    every_type()
    Contact.objects.create(last_name="X", custom={"score": "many", "tags_of": "x", "tier": "lead", "seen": "soon"})
    answer = ask(owner, "{ contacts { nodes { customFields { score tagsOf tier seen } } } }")
    assert answer == {
        "data": {"contacts": {"nodes": [{"customFields": {"score": None, "tagsOf": None, "tier": None, "seen": None}}]}}
    }


def ask(client: Client, query: str, **variables: Any) -> dict[str, Any]:
    body = orjson.dumps({"query": query, "variables": variables})
    answer: dict[str, Any] = client.post("/graphql", body, content_type="application/json").json()
    return answer


CREATE = "mutation($i: ContactCreateInput!) { createContact(input: $i) { contact { custom customFields { %s } } } }"


def test_values_are_written_and_read_by_type(owner: Client) -> None:
    every_type()
    given = {
        "tier": "gold",
        "score": 4.5,
        "budget": {"amount": "12.50", "currency": "EUR"},
        "seen": "2026-01-31",
        "active": True,
        "tagsOf": ["wine", "tea"],
        "site": "https://example.com",
    }
    shown = "tier score budget { amount currency } seen active tagsOf site note"
    answer = ask(owner, CREATE % shown, i={"lastName": "X", "customFields": given})
    contact = answer["data"]["createContact"]["contact"]
    assert contact["customFields"] == given | {"tagsOf": ["tea", "wine"], "note": None}
    assert contact["custom"]["budget"] == {"amount": "12.50", "currency": "EUR"}
    assert CustomField.objects.count() == len(contact["custom"]) + 2


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"customFields": {"score": "many"}}, "/custom/score"),
        ({"customFields": {"tier": "lead"}}, "/custom/tier"),
        ({"customFields": {"budget": {"amount": "x", "currency": "EUR"}}}, "/custom/budget/amount"),
        ({"customFields": {"tier": "gold"}, "custom": {"tier": "gold"}}, "/custom_fields"),
        ({"customFields": None}, "/custom"),
    ],
)
def test_faults_are_those_of_rest(owner: Client, values: dict[str, Any], pointer: str) -> None:
    every_type()
    answer = ask(owner, CREATE % "tier", i={"lastName": "X"} | values)
    (error,) = answer["errors"]
    assert [fault["pointer"] for fault in error["extensions"]["errors"]] == [pointer]
    assert not Contact.objects.exists()


def test_a_batch_takes_them_too(owner: Client) -> None:
    every_type()
    query = (
        """mutation($i: [ContactBatchItem!]!) { batchContacts(items: $i) { status error { errors { pointer } } } }"""
    )
    items = [
        {"action": "create", "values": {"lastName": "X", "customFields": {"tier": tier}}} for tier in ("gold", "x")
    ]
    answer = ask(owner, query, i=items)
    assert [item["status"] for item in answer["data"]["batchContacts"]] == ["created", "failed"]
    assert answer["data"]["batchContacts"][1]["error"]["errors"] == [{"pointer": "/custom/tier"}]
    assert Contact.objects.get().custom == {"tier": "gold"}
