"""What is stored is what was computed, whoever wrote to the table in between, and only what differs is written."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from analytics import steps
from analytics.engine import results
from analytics.engine import session as engine
from analytics.engine.session import DuckEngine, Session
from analytics.lake import files
from analytics.models import ContactMetrics, StoredElsewise, StoredTable
from analytics.services import targets, write_back
from crm.models import Contact
from tests.analytics.support import contact

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, tzinfo=UTC)
TARGET = targets.PROFILES


@pytest.fixture
def lake() -> Iterator[engine.Lake]:
    with engine.opened() as opened:
        yield opened


def _stored(lake: engine.Lake, name: str, frequencies: dict[str, int]) -> int:
    """Store profiles with these frequencies, by contact."""
    session = Session(lake, DuckEngine(lake.duck), results.opened(name, {"name": name}))
    nothing = ", ".join(f"NULL::{_kind(each)} AS {each}" for each in TARGET.values if each not in NOT_NULL)
    rest = "".join(f", 0 AS {each}" for each in NOT_NULL if each != "frequency")
    rows = ", ".join(f"('{who}', {value})" for who, value in frequencies.items()) or "('', 0)"
    query = f"SELECT contact_id, frequency{rest}, {nothing} FROM (VALUES {rows}) AS t (contact_id, frequency) "  # noqa: S608
    session.put_query(steps.PROFILES, f"{query} WHERE contact_id <> ''")
    session.show(steps.PROFILES)
    with transaction.atomic():
        return write_back.store(TARGET, session, as_of=AT, at=AT)


NOT_NULL = tuple(
    field.column for field in ContactMetrics._meta.concrete_fields if field.column in TARGET.values and not field.null
)


def _kind(column: str) -> str:
    field = next(field for field in ContactMetrics._meta.concrete_fields if field.column == column)
    kind = str(field.db_type(connection))
    return "VARCHAR" if kind.startswith(("varchar", "text", "jsonb", "uuid")) else kind.replace("numeric", "DECIMAL")


def _rows() -> dict[str, int]:
    return {str(row.contact_id): row.frequency for row in ContactMetrics.objects.all()}


def test_only_what_differs_is_written_and_what_is_gone_is_removed(lake: engine.Lake) -> None:
    a, b, c = (str(contact().pk) for _ in range(3))
    assert _stored(lake, "first", {a: 1, b: 2}) == 2
    assert _stored(lake, "second", {a: 1, b: 3, c: 4}) == 2
    assert _rows() == {a: 1, b: 3, c: 4}
    assert _stored(lake, "third", {a: 1, c: 4}) == 1
    assert _rows() == {a: 1, c: 4}
    assert ContactMetrics.objects.get(contact_id=a).version == 1


def test_without_the_file_of_before_all_is_compared(lake: engine.Lake) -> None:
    a, b = (str(contact().pk) for _ in range(2))
    _stored(lake, "first", {a: 1, b: 2})
    Path(files.root() / StoredTable.objects.get().path).unlink()
    assert _stored(lake, "second", {a: 1}) == 1
    assert _rows() == {a: 1}


def test_another_version_of_the_definition_is_stored_whole(lake: engine.Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    a = str(contact().pk)
    _stored(lake, "first", {a: 1})
    monkeypatch.setattr(steps, "version", lambda name: "other")
    assert _stored(lake, "second", {a: 1}) == 1
    assert ContactMetrics.objects.get().definition_version == "other"


def test_a_contact_that_is_no_longer_there_gets_no_row(lake: engine.Lake) -> None:
    a, b = (str(contact().pk) for _ in range(2))
    Contact.objects.filter(pk=b)._raw_delete("default")
    assert _stored(lake, "first", {a: 1, b: 2}) == 1


@pytest.mark.parametrize("seed", range(8))
def test_random_histories_with_other_writers_in_between(lake: engine.Lake, seed: int) -> None:
    dice = random.Random(seed)
    people = [str(contact().pk) for _ in range(8)]
    for turn in range(8):
        for _ in range(dice.randrange(3)):
            _meddle(dice, people)
        wanted = {who: dice.randrange(3) for who in people if dice.random() < 0.7}
        _stored(lake, f"{seed}-{turn}", wanted)
        assert _rows() == wanted
        assert not StoredElsewise.objects.exists()


def _meddle(dice: random.Random, people: list[str]) -> None:
    rows = ContactMetrics.objects.filter(contact_id__in=dice.sample(people, 3))
    what: Any = dice.choice(["update", "delete", "insert", "truncate", "rolled back", "file"])
    if what == "update":
        rows.update(frequency=99)
    elif what == "delete":
        rows.delete()
    elif what == "truncate":
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE analytics_contact_metrics")
    elif what == "file":
        StoredTable.objects.update(path="results/none/none.parquet")
    elif what == "insert":
        who = dice.choice(people)
        if not ContactMetrics.objects.filter(contact_id=who).exists():
            numbers = dict.fromkeys(NOT_NULL, 7)
            ContactMetrics.objects.create(
                id=who, contact_id=who, as_of=AT, computed_at=AT, definition_version="x", window="x", **numbers
            )
    else:
        with transaction.atomic():
            rows.update(frequency=5)
            transaction.set_rollback(True)
