"""Indexes of custom fields: built and dropped by a worker, made good after a kill, used by what criteria and sort make.

CUSTOM_ROWS=200000 runs the plans at that size.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from core import criteria, registry
from core.actors import SYSTEM
from core.models.job import Job
from core.reads import statements
from core.reads.sorting import order_of
from core.reads.wire import wire_row
from crm.demo.copying import copy_rows
from crm.models import Contact, CustomField
from crm.services import custom_indexes
from crm.services.custom_fields import custom_fields
from tests.crm.custom_fields.make import AT, define

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = int(os.environ.get("CUSTOM_ROWS", "20000"))


def people() -> Iterator[dict[str, Any]]:
    """So many people with every value once, in no order."""
    for i in range(ROWS):
        n = i * 7919 % ROWS
        yield {
            "last_name": f"P{i}",
            "custom": {
                "note": f"note {n}",
                "score": n / 10,
                "seen": (date(2000, 1, 1) + timedelta(days=n // 20)).isoformat(),
                "budget": {"amount": str(Decimal(n) / 100), "currency": ["EUR", "USD"][i % 2]},
                "topics": [f"t{i % 50}", f"u{i % 300}"],
            },
        }


@pytest.fixture(autouse=True)
def no_indexes_left() -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        for name in indexes():
            cursor.execute(f'DROP INDEX IF EXISTS "{name}"')


def indexes() -> dict[str, bool]:
    with connection.cursor() as cursor:
        cursor.execute(custom_indexes._EXISTING, [custom_indexes.PREFIX.replace("_", r"\_") + "%"])
        return dict(cursor.fetchall())


def work() -> list[Job]:
    """Carry out what a worker would be sent."""
    waiting = Job.objects.filter(kind=custom_indexes.KIND, status__in=("queued", "running")).order_by("id")
    done = list(waiting)
    for job in done:
        assert custom_indexes.carry_out(job_id=job.pk)
        job.refresh_from_db()
    return done


def index_name(definition: CustomField) -> str:
    return custom_indexes.index_of(definition).name


def test_an_index_comes_and_goes_with_the_wish_for_it() -> None:
    field = define("score", "number", indexed=True)
    assert indexes() == {}
    assert not registry.entity("contact").definitions()["score"].indexed
    (job,) = work()
    assert (job.status, job.result) == ("succeeded", {"dropped": [], "built": [index_name(field)]})
    assert indexes() == {index_name(field): True}
    assert registry.entity("contact").definitions()["score"].indexed
    custom_fields.update(actor=SYSTEM, record_id=field.pk, values={"indexed": False}, at=AT)
    # Nothing relies on it from now on, before it is gone.
    assert not registry.entity("contact").definitions()["score"].indexed
    work()
    assert indexes() == {}


def test_a_deleted_field_has_no_index_and_a_restored_one_has() -> None:
    field = define("score", "number", indexed=True)
    work()
    custom_fields.delete(actor=SYSTEM, record_id=field.pk, at=AT)
    work()
    assert indexes() == {}
    custom_fields.restore(actor=SYSTEM, record_id=field.pk, at=AT)
    field.refresh_from_db()
    assert field.indexed_at is None
    work()
    assert indexes() == {index_name(field): True}


def test_what_a_killed_build_left_is_replaced() -> None:
    field = define("note", "text", indexed=True)
    Contact.objects.create(last_name="X", custom={"note": "a"})
    Contact.objects.create(last_name="Y", custom={"note": "a"})
    index = custom_indexes.index_of(field)
    unique = f"CREATE UNIQUE INDEX CONCURRENTLY \"{index.name}\" ON crm_contact ((custom ->> 'note'))"
    with connection.cursor() as cursor, pytest.raises(Exception, match="duplicate"):
        cursor.execute(unique)
    assert indexes() == {index.name: False}
    Job.objects.update(status="running")
    (job,) = work()
    assert job.result == {"dropped": [index.name], "built": [index.name]}
    assert indexes() == {index.name: True}
    field.refresh_from_db()
    assert field.indexed_at is not None


def test_a_job_done_twice_and_two_at_once_do_no_harm() -> None:
    field = define("score", "number", indexed=True)
    job = Job.objects.get(kind=custom_indexes.KIND)
    with custom_indexes.alone(custom_indexes.SPACE, custom_indexes.Subject.CUSTOM_INDEXES) as other:
        assert other is not None
        assert not custom_indexes.carry_out(job_id=job.pk)
        assert custom_indexes.resend_unattended(at=AT.replace(year=2100)) == 0
    work()
    assert custom_indexes.carry_out(job_id=job.pk)
    assert indexes() == {index_name(field): True}


def test_what_nobody_asked_for_is_put_right() -> None:
    field = define("score", "number", indexed=True)
    work()
    with connection.cursor() as cursor:
        cursor.execute(f'DROP INDEX "{index_name(field)}"')
    later = AT.replace(year=2100)
    custom_indexes.resend_unattended(at=later)
    (job,) = work()
    assert job.result == {"dropped": [], "built": [index_name(field)]}
    # Nothing is to be done now, and while a failure is fresh nothing is asked for again and again.
    custom_indexes.resend_unattended(at=later)
    assert work() == []
    CustomField.objects.update(indexed_at=None)
    Job.objects.update(status="failed", updated_at=later)
    custom_indexes.resend_unattended(at=later)
    assert work() == []


def test_writers_are_not_kept_waiting() -> None:
    """CONCURRENTLY waits for open transactions; what it never does is to keep others from writing."""
    define("score", "number", indexed=True)
    work()
    with transaction.atomic():
        Contact.objects.create(last_name="X", custom={"score": 1})
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname LIKE %s", [custom_indexes.PREFIX + "%"])
        assert "btree" in cursor.fetchone()[0]


def test_a_value_too_long_for_an_index_is_refused_before_it_is_wished_for() -> None:
    field = define("note", "text")
    Contact.objects.create(last_name="X", custom={"note": "x" * 501})
    with pytest.raises(Exception, match="1 records hold more than 500"):
        custom_fields.update(actor=SYSTEM, record_id=field.pk, values={"indexed": True}, at=AT)
    assert not Job.objects.exists()


def test_criteria_and_sort_use_the_indexes() -> None:
    kinds = {"note": "text", "score": "number", "seen": "date", "budget": "money", "topics": "multi_choice"}
    words = [f"{letter}{i}" for letter, count in (("t", 50), ("u", 300)) for i in range(count)]
    fields = {
        key: define(key, kind, indexed=True, choices=words if kind == "multi_choice" else [])
        for key, kind in kinds.items()
        if kind != "multi_choice"
    } | {"topics": CustomField.objects.create(
        entity="contact", key="topics", label="Topics", type="multi_choice", choices=words, indexed=True
    )}  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE crm_contact DISABLE TRIGGER USER")
        copy_rows(Contact, ["last_name", "custom"], people(), AT)
        cursor.execute("ALTER TABLE crm_contact ENABLE TRIGGER USER")
    work()
    euros = {"amount": "1", "currency": "EUR"}
    top = ROWS / 10 - 5
    asked: list[tuple[str, Any, list[str]]] = [
        ("note", {"field": "custom.note", "value": "note 77"}, []),
        ("note", {"field": "custom.note", "op": "in", "value": ["note 77", "note 78"]}, []),
        ("note", {"field": "custom.note", "op": "between", "value": ["note 77", "note 770"]}, ["custom.note"]),
        ("note", {}, ["custom.note"]),
        ("note", {}, ["-custom.note"]),
        ("score", {"field": "custom.score", "value": 7.7}, []),
        ("score", {"field": "custom.score", "op": "gte", "value": top}, []),
        ("score", {"field": "custom.score", "op": "gte", "value": top}, ["-custom.score"]),
        ("score", {}, ["custom.score"]),
        ("seen", {"field": "custom.seen", "value": "2000-02-02"}, []),
        ("seen", {"field": "custom.seen", "op": "lt", "value": "2000-01-03"}, ["custom.seen"]),
        ("seen", {}, ["-custom.seen"]),
        ("budget", {"field": "custom.budget", "value": euros}, []),
        ("budget", {"field": "custom.budget", "op": "lt", "value": euros}, ["custom.budget"]),
        ("budget", {"and": [
            {"field": "custom.budget.currency", "value": "EUR"},
            {"field": "custom.budget.amount", "op": "lt", "value": "1"},
        ]}, []),
        ("budget", {}, ["custom.budget"]),
        ("topics", {"field": "custom.topics", "op": "has", "value": "u7"}, []),
        ("topics", {"field": "custom.topics", "op": "has_any", "value": ["u7", "u8"]}, []),
        ("topics", {"field": "custom.topics", "op": "has_all", "value": ["t7", "u7"]}, []),
    ]  # fmt: skip
    for key, where, sort in asked:
        plan = explained(where, sort)
        assert index_name(fields[key]) in plan, (key, where, sort, plan)
        assert "Seq Scan on crm_contact" not in plan, (key, where, sort, plan)


def explained(where: Any, sort: list[str]) -> str:
    """The plan of the statement that the reader runs for a page."""
    contact = registry.entity("contact")
    order = order_of(contact, sort, SYSTEM)
    rows = statements.visible(contact, SYSTEM, deleted=False).filter(criteria.to_q(contact, where, actor=SYSTEM, at=AT))
    statement = statements._page(rows, wire_row(contact, SYSTEM, ("id", "custom")), order, 51)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement.sql}", statement.parameters)
        return "\n".join(line for (line,) in cursor.fetchall())
