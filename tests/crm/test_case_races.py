"""Deadlines pass once, whoever looks at them at the same time, and whoever is killed while at it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from core.actors import SYSTEM
from core.errors import Conflict
from core.models import OutboxEvent
from crm.models import Case, CaseDeadline
from crm.services import case_deadlines, locks
from crm.services.cases import cases
from crm.services.service_levels import service_levels
from crm.services.tags import tags
from tests.crm import make
from tests.support.processes import kill, process, together, until_somebody_waits_for
from tests.support.races import meanwhile

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATE = AT + timedelta(days=1)


def many(number: int) -> list[Case]:
    level = make.service_level(AT, {"percent": 50}, {"percent": 150})
    contact = make.contact(AT, first_name="Ada")
    values = {"contact_id": str(contact.pk), "service_level_id": str(level.pk)}
    return [make.case(AT, **values) for _ in range(number)]


def assert_each_once(number: int) -> None:
    events = Counter(
        (row.name, row.payload["id"], row.payload["clock"], row.payload.get("step_id"))
        for row in OutboxEvent.objects.filter(name__in=["case.breached", "case.escalated"])
    )
    # Two limits and two steps of each.
    assert set(events.values()) == {1}
    assert len(events) == number * 4
    assert CaseDeadline.objects.filter(passed_at__isnull=True).count() == 0
    assert set(Case.objects.values_list("escalation_level", "resolution_breached")) == {(2, True)}


def test_a_case_is_changed_while_its_tag_is_renamed() -> None:
    (case,) = many(1)
    tag = make.tag(AT, "vip")
    cases.update(actor=SYSTEM, record_id=case.pk, values={"tags": ["vip"]}, at=AT)
    values = {"tags": ["vip", "late"]}
    told = meanwhile(
        lambda: locks.exclusively(locks.Subject.TAGS),
        lambda: cases.update(actor=SYSTEM, record_id=case.pk, values=values, at=LATE),
        lambda: tags.update(actor=SYSTEM, record_id=tag.pk, values={"name": "gold"}, at=LATE),
    )
    assert told == "done"


def test_four_workers_at_once_double_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_deadlines, "BATCH", 7)
    many(40)
    work = lambda: case_deadlines.pass_due(at=LATE)  # noqa: E731
    assert together(work, work, work, work) == []
    case_deadlines.pass_due(at=LATE)
    assert_each_once(40)


def test_a_worker_killed_in_the_middle_has_done_nothing_and_the_next_does_all() -> None:
    many(12)
    code = (
        "from datetime import datetime; from crm.services import case_deadlines; "
        f"case_deadlines.pass_due(at=datetime.fromisoformat({LATE.isoformat()!r}))"
    )
    with process(code) as worker:
        with transaction.atomic(), connection.cursor() as cursor:
            # It has marked the deadlines, and waits to tell of them.
            cursor.execute("LOCK TABLE core_outbox IN SHARE MODE")
            until_somebody_waits_for("core_outbox")
            kill(worker)
        assert CaseDeadline.objects.filter(passed_at__isnull=False).count() == 0
        assert set(Case.objects.values_list("escalation_level", flat=True)) == {0}
    case_deadlines.pass_due(at=LATE)
    assert_each_once(12)


def test_an_agent_and_a_worker_at_the_same_case(monkeypatch: pytest.MonkeyPatch) -> None:
    made = many(10)
    resolve = lambda: [cases.resolve(actor=SYSTEM, record_id=case.pk, at=LATE) for case in made]  # noqa: E731
    work = lambda: case_deadlines.pass_due(at=LATE)  # noqa: E731
    assert together(resolve, work, work) == []
    assert_each_once(10)
    assert set(Case.objects.values_list("status", flat=True)) == {"resolved"}


def test_two_agents_resolve_the_same_case() -> None:
    (case,) = many(1)
    resolve = lambda: cases.resolve(actor=SYSTEM, record_id=case.pk, at=AT)  # noqa: E731
    raised = together(resolve, resolve)
    assert [type(error).__mro__[1] for error in raised] == [Conflict]
    assert case.changes.filter(to_status="resolved").count() == 1


def test_time_spent_by_two_at_once_is_counted_twice() -> None:
    (case,) = many(1)
    talk = lambda: make.interaction(AT, case_id=str(case.pk), minutes="5")  # noqa: E731
    respond = lambda: cases.respond(actor=SYSTEM, record_id=case.pk, at=AT, minutes=5)  # type: ignore[arg-type]  # noqa: E731
    assert together(talk, respond, talk, respond) == []
    case.refresh_from_db()
    assert case.minutes == 20


def test_hours_that_change_while_cases_are_opened() -> None:
    level = make.service_level(AT)
    contact = make.contact(AT, first_name="Ada")
    values = {"contact_id": str(contact.pk), "service_level_id": str(level.pk)}

    def change() -> None:
        for minutes in (10, 20, 30):
            limits = {"normal_resolution_minutes": minutes}
            service_levels.update(actor=SYSTEM, record_id=level.pk, values=limits, at=AT)

    opened = [lambda: [make.case(AT, **values) for _ in range(8)] for _ in range(3)]
    assert together(change, *opened) == []
    assert set(Case.objects.values_list("resolution_due_at", flat=True)) == {AT + timedelta(minutes=30)}
