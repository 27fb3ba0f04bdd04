"""COPY in text form: whatever is put in is what comes out, whatever it looks like."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import TextChoices
from hypothesis import example, given
from hypothesis import strategies as st

from core.database import copying
from core.models import Job

pytestmark = pytest.mark.django_db
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)


class Mood(TextChoices):
    GOOD = "go\tod"


def through(kind: str, values: list[Any], convert: copying.Convert | None = None) -> list[Any]:
    """The values after a way through a temporary table."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE copied (n serial, v {kind}) ON COMMIT DROP")
        with cursor.copy("COPY copied (v) FROM STDIN") as copy:
            copy.write("".join(f"{text}\n" for text in copying.texts(values, convert)))
        cursor.execute("SELECT v FROM copied ORDER BY n")
        found = [row[0] for row in cursor.fetchall()]
        cursor.execute("DROP TABLE copied")
    return found


@given(st.lists(st.none() | TEXTS, min_size=1, max_size=6))
@example([r"\N", r"\.", "\\", "a\tb", "a\nb", "a\r\nb", "", None])
@example([r"\.", r"\."])
@example([None, None])
def test_texts(values: list[str | None]) -> None:
    assert through("text", values) == values


@given(st.lists(st.none() | st.lists(TEXTS, max_size=3), min_size=1, max_size=4))
def test_arrays(values: list[list[str] | None]) -> None:
    assert through("text[]", values, copying.array_text) == values


@given(st.lists(st.dictionaries(TEXTS, TEXTS | st.integers(-9, 9) | st.none(), max_size=3), min_size=1, max_size=4))
def test_json(values: list[dict[str, Any]]) -> None:
    # Django has the driver leave JSON as text.
    assert [json.loads(text) for text in through("jsonb", values, copying.json_text)] == values


def test_numbers_in_json_may_be_of_any_size() -> None:
    values = [{"a": 10**25}, {"a": [-(2**64)]}]
    assert [json.loads(text) for text in through("jsonb", values, copying.json_text)] == values


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("uuid", [UUID(int=1), None, UUID(int=2**128 - 1)]),
        ("numeric", [Decimal("0.10"), Decimal("-1E+3"), None]),
        ("boolean", [True, False, None]),
        ("bigint", [0, -5, 2**62]),
        ("double precision", [0.1, -1e300]),
        ("timestamptz", [datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC), None]),
        ("date", [date(1, 1, 1), date(9999, 12, 31)]),
        ("text", [Mood.GOOD, "x"]),
    ],
)
def test_other_values(kind: str, values: list[Any]) -> None:
    assert through(kind, values) == values
    assert through(kind, values[:1] * 3) == values[:1] * 3


def test_what_has_no_text_form_is_no_silent_text() -> None:
    with pytest.raises(TypeError):
        copying.texts([object()])


def test_a_column_of_nothing_is_null_and_one_that_must_not_be_is_refused() -> None:
    record = Job(kind="x", message="\\N\t")
    copying.copy_records(Job, [record])
    again = Job.objects.get(pk=record.pk)
    assert (again.total, again.message, again.parameters) == (None, "\\N\t", {})
    with pytest.raises(IntegrityError), transaction.atomic():
        copying.copy_records(Job, [Job(kind=None)])
