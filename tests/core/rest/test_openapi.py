"""The description of the API is valid, complete and served; its page loads nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.staticfiles import finders
from django.core.management import CommandError, call_command
from openapi_spec_validator import OpenAPIV31SpecValidator
from pytest_django import Settings

from core import registry
from core.rest import routes
from core.rest.openapi import document
from tests.core.rest.conftest import Api, problem

METHODS = {"get", "post", "patch", "delete", "put"}


def calls() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document.document()["paths"].items():
        for method, call in item.items():
            yield path, method, call


def test_it_is_valid_openapi() -> None:
    described = document.document()
    assert described["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(described).validate()


def test_every_address_and_method_is_described() -> None:
    described = {(path.removeprefix("/api/v1/"), method) for path, method, _ in calls()}
    existing = set()
    for route, view in routes.declared_views().items():
        if view.schema is not None:
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route).replace("{record_id}", "{id}")
            existing |= {(path, method) for method in view.http_method_names if method in METHODS}
    assert described == existing


def test_operation_ids_are_unique_and_spoken() -> None:
    names = [call["operationId"] for _, _, call in calls()]
    assert len(names) == len(set(names))
    assert {"listContacts", "getContact", "createContact", "updateContact", "searchContacts"} <= set(names)
    assert {"listProductLines", "batchContacts", "aggregateCompanies", "restorePriceTier"} <= set(names)
    assert all(re.fullmatch(r"[a-z][A-Za-z0-9]*", name) for name in names)


def test_every_reference_leads_somewhere() -> None:
    described = document.document()
    for pointer in set(_references(described)):
        place: Any = described
        for part in pointer.removeprefix("#/").split("/"):
            place = place[part]


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


def test_every_parameter_is_taken(api: Api, caller: Any) -> None:
    """Each documented parameter of a list is known: a wrong value may be refused, the name never is."""
    from core.actors import SYSTEM

    everything = caller(SYSTEM)
    shared = document.document()["components"]["parameters"]
    for path, method, call in calls():
        if method != "get" or "{" in path:
            continue
        given = [
            shared[item["$ref"].rpartition("/")[2]] if "$ref" in item else item for item in call.get("parameters", [])
        ]
        for item in given:
            if item["in"] == "query":
                answer = everything.get(f"{path}?{item['name']}=%21")
                assert b"unknown_parameter" not in answer.content, (path, item["name"])


def test_all_fields_of_an_entity_are_in_its_schema() -> None:
    schemas = document.document()["components"]["schemas"]
    for entity in registry.entities():
        shown = {item.name for item in entity.readable_fields()} | set(entity.relations_by_name)
        assert set(schemas[entity.title]["properties"]) == shown
        if entity.writes is not None and "create" in entity.verbs:
            assert set(schemas[f"{entity.title}Create"]["properties"]) == {f.name for f in entity.input_fields()}


def test_it_is_served_as_yaml_and_json(nobody: Api) -> None:
    answer = nobody.get("schema")
    assert answer.headers["Content-Type"] == "application/yaml"
    assert yaml.safe_load(answer.content) == document.document()
    assert nobody.get("schema?format=json").json() == document.document()
    assert nobody.get("schema", accept="application/json").headers["Content-Type"] == "application/json"
    assert nobody.get("schema", if_none_match=answer.headers["ETag"]).status_code == 304
    problem(nobody.get("schema?format=xml"), 400, "invalid_parameter")
    problem(nobody.get("schema", accept="text/html"), 406, "not_acceptable")


def test_docs_can_be_closed(nobody: Api, api: Api, settings: Settings) -> None:
    settings.BIFOCAL_PUBLIC_DOCS = False
    problem(nobody.get("schema"), 401, "not_authenticated")
    problem(nobody.get("docs"), 401, "not_authenticated")
    assert api.get("schema").status_code == 200


def test_the_page_loads_nothing_from_elsewhere(nobody: Api) -> None:
    answer = nobody.get("docs", accept="text/html,application/xhtml+xml")
    page = answer.content.decode()
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert loaded
    for address in loaded:
        assert address.startswith("/static/")
        assert finders.find(address.removeprefix("/static/")), address
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "http://" not in page
    assert "https://" not in page


def test_schemas_are_exported_and_drift_is_noticed(tmp_path: Path) -> None:
    call_command("export_schemas", directory=tmp_path, stdout=StringIO())
    assert {path.name for path in tmp_path.iterdir()} == {"openapi.yaml", "schema.graphql"}
    call_command("export_schemas", directory=tmp_path, check=True)
    (tmp_path / "openapi.yaml").write_text("openapi: 3.1.1\n")
    with pytest.raises(CommandError, match="out of date"):
        call_command("export_schemas", directory=tmp_path, check=True)
    assert (tmp_path / "openapi.yaml").read_text() == "openapi: 3.1.1\n"
