"""GraphiQL comes from our own files under a strict policy; a browser's session needs its CSRF token."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


def test_the_page_loads_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/graphql", HTTP_ACCEPT=HTML)
    assert page.status_code == 200
    text = page.content.decode()
    files = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert files
    for address in files:
        assert address == "data:," or address.startswith("/static/core/graphiql/")
        assert address == "data:," or finders.find(address.removeprefix("/static/"))
    assert "<script>" not in text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_vendored_files_name_no_other_host() -> None:
    for name in ("graphiql.min.css", "graphiql.min.js", "react.production.min.js", "react-dom.production.min.js"):
        with open(str(finders.find(f"core/graphiql/{name}")), encoding="utf-8") as file:  # noqa: PTH123
            text = file.read()
        assert "sourceMappingURL" not in text
        assert not re.search(r"url\((?!data:)[\"']?https?:", text)
        assert "@import" not in text


def test_the_nonce_is_new_each_time(client: Client) -> None:
    policies = {client.get("/graphql", HTTP_ACCEPT=HTML).headers["Content-Security-Policy"] for _ in range(3)}
    assert len(policies) == 3


def test_a_program_that_gets_is_told_to_post(client: Client) -> None:
    answer = client.get("/graphql", HTTP_ACCEPT="*/*")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_session_needs_the_token_of_the_page(clean_cache: None) -> None:
    user = User.objects.create(email="root@example.com", is_superuser=True, is_active=True)
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)

    def post(**headers: Any) -> Any:
        query = {"query": "{ companies { nodes { id } } }"}
        return client.post("/graphql", query, content_type="application/json", **headers)

    refused = post()
    assert refused.status_code == 403
    assert refused.json()["errors"][0]["extensions"]["code"] == "csrf_failed"
    page = client.get("/graphql", HTTP_ACCEPT=HTML).content.decode()
    token = re.search(r'data-csrf="([^"]+)"', page)
    assert token
    answer = post(HTTP_X_CSRFTOKEN=token[1])
    assert answer.json() == {"data": {"companies": {"nodes": []}}}


def test_credentials_that_do_not_hold(client: Client, clean_cache: None) -> None:
    answer = client.post(
        "/graphql", {"query": "{ __typename }"}, content_type="application/json", HTTP_AUTHORIZATION="Bearer nonsense"
    )
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "invalid_credentials"
    assert "WWW-Authenticate" in answer.headers
