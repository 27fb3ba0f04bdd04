"""The floor does the product's work: what is measured against each other answers the same rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from psycopg.types.json import JsonbLoader

from benchmarks import floor, seed
from benchmarks.cases import Ask, Call, cases, check

SIZE = seed.Size(contacts=1_300, companies=120)
NAMES = ("list_contacts", "get_contact", "search_contacts", "create_contact", "graphql_companies_contacts")


class _OneConnection:
    """A pool of the test's own connection, which sees what the test has not committed."""

    @contextmanager
    def connection(self) -> Iterator[_OneConnection]:
        connection.ensure_connection()
        yield self

    def cursor(self, **options: Any) -> Any:
        cursor = connection.connection.cursor(**options)
        # Django wants JSON as text; a plain connection has it parsed.
        cursor.adapters.register_loader("jsonb", JsonbLoader)
        return cursor

    def execute(self, *arguments: Any) -> Any:
        return self.cursor().execute(*arguments)


@pytest.fixture
def floor_asks(monkeypatch: pytest.MonkeyPatch) -> Ask:
    monkeypatch.setattr(floor, "pool", _OneConnection)

    def ask(call: Call, number: int) -> tuple[int, Any, int]:
        path, _, query = call.path.partition("?")
        status, content = floor.answer(call.method, path, query, (call.content(number) or "").encode())
        return int(status.split()[0]), json.loads(content), len(content)

    return ask


@pytest.fixture
def product_asks(db: None) -> Ask:
    seed.make(SIZE)
    client = Client(headers={"Authorization": f"Bearer {seed.api_key()}"})

    def ask(call: Call, number: int) -> tuple[int, Any, int]:
        response = client.generic(call.method, call.path, call.content(number) or "", "application/json")
        return response.status_code, json.loads(response.content), len(response.content)

    return ask


def test_floor_and_product_answer_the_same_rows(product_asks: Ask, floor_asks: Ask) -> None:
    measured = cases(product_asks)
    assert tuple(case.name for case in measured) == NAMES
    for number, case in enumerate(measured):
        least, bare_least = check(case, product_asks, floor_asks, number * 1000)
        assert least > 100
        assert bare_least > 100


def test_other_rows_are_not_measured(product_asks: Ask, floor_asks: Ask) -> None:
    case = next(case for case in cases(product_asks) if case.name == "get_contact")

    def wrong(call: Call, number: int) -> tuple[int, Any, int]:
        status, answer, length = floor_asks(call, number)
        return status, answer | {"city": "Nowhere"}, length

    with pytest.raises(SystemExit, match="other rows"):
        check(case, product_asks, wrong, 0)
    with pytest.raises(SystemExit, match="was answered 404"):
        check(case, lambda call, number: (404, {}, 2), floor_asks, 0)
