"""Prepared statements: they run in Django's transaction, are counted as queries, and insert what `save` would."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core.database.compiled import Slot, compiled, ids
from core.database.cursors import run_prepared
from core.database.inserts import insert
from crm.models import Company, Contact

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def values() -> dict[str, Any]:
    return {
        "first_name": "Ada",
        "last_name": "Kim",
        "email": "ada@example.com",
        "birth_date": date(1990, 2, 3),
        "tags": ["vip", 'a "quoted", one'],
        "custom": {"size": [1, None, {"a": "é"}]},
        "created_at": AT,
        "updated_at": AT,
    }


def test_an_inserted_row_is_what_save_would_have_made() -> None:
    quick, plain = Contact(**values()), Contact(**(values() | {"email": "other@example.com"}))
    insert(quick)
    plain.save(force_insert=True)
    assert quick.name == plain.name == "Ada Kim"
    apart = {"id", "email"}
    rows = {row["id"]: row for row in Contact.objects.values()}
    assert {k: v for k, v in rows[quick.pk].items() if k not in apart} == {
        k: v for k, v in rows[plain.pk].items() if k not in apart
    }
    quick.city = "Bath"
    quick.save()
    assert Contact.objects.get(pk=quick.pk).city == "Bath"


def test_decimals_and_nulls_keep_their_value() -> None:
    company = Company(name="Acme", annual_revenue="12345678901234.56", employees=None)
    insert(company)
    company.refresh_from_db()
    assert str(company.annual_revenue) == "12345678901234.56"
    assert company.employees is None


def test_statement_is_compiled_once_and_run_with_other_values() -> None:
    first, second = (Contact.objects.create(**(values() | {"email": f"{n}@example.com"})) for n in "ab")
    rows = Contact.objects.filter(pk__in=ids("ids", Contact._meta.pk), email=Slot("email", Contact._meta.pk))
    statement = compiled(rows.values_list("pk", flat=True))
    both = [first.pk, second.pk]
    assert statement.run(ids=both, email="a@example.com") == [(first.pk,)]
    assert statement.run(ids=both, email="b@example.com") == [(second.pk,)]
    assert statement.run(ids=[], email="b@example.com") == []


def test_statement_without_rows_asks_nothing() -> None:
    statement = compiled(Contact.objects.filter(pk__in=[]))
    with CaptureQueriesContext(connection) as queries:
        assert statement.run() == []
    assert not queries.captured_queries


def test_a_statement_that_failed_leaves_the_next_one_alone() -> None:
    with pytest.raises(DataError), transaction.atomic():
        run_prepared("SELECT 1 / %s::int", [0])
    assert run_prepared("SELECT 1 / %s::int", [1]) == [(1,)]


def test_prepared_statements_are_counted_and_shown_with_their_values() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert run_prepared("SELECT %s::text", ["it's"]) == [("it's",)]
    assert [query["sql"] for query in queries.captured_queries] == ["SELECT 'it''s'::text"]
