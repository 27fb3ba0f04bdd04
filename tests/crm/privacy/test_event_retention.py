"""Events by retention rule: whole months are dropped, the rest goes row by row, and what is held stays."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import transaction

from core import clock
from core.actors import SYSTEM
from core.models import Change, DirtyMonth, OutboxEvent
from core.models.job import Job
from crm import tasks
from crm.models import Contact, Event, EventKey, RetentionRule, Tie, Touch
from crm.schedule import SCHEDULE
from crm.services import event_partitions, event_retention, identity, legal_holds, retention, ties
from crm.services.events import events
from crm.services.retention import retention_rules
from crm.services.touches import touches
from tests.crm import make
from tests.support.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
# Kept since then: August 10th, 2017.
KEEP = (AT - datetime(2017, 8, 10, 12, tzinfo=UTC)).days
OLD = datetime(2017, 6, 1, tzinfo=UTC)
JUNE, JULY, AUGUST = (date(2017, month, 1) for month in (6, 7, 8))


def event(moment: str, **values: Any) -> Event:
    given = {"name": "Receipt", "occurred_at": moment, "message_id": moment, **values}
    return events.create(actor=SYSTEM, values=given, at=AT)


def rule(**values: Any) -> RetentionRule:
    given = {"name": "Old events", "entity": "event", "moment": "occurred_at", "keep_days": KEEP, "action": "delete"}
    return retention_rules.create(actor=SYSTEM, values={**given, "active": True, **values}, at=AT)


def apply() -> dict[str, int]:
    job = retention.request(actor=SYSTEM, at=AT)
    assert retention.carry_out(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == Job.Status.SUCCEEDED, job.message
    found: dict[str, int] = job.result["records"]
    return found


def months() -> set[date | None]:
    return {one.month for one in event_partitions.partitions()}


def left() -> list[str]:
    return sorted(Event.objects.values_list("message_id", flat=True))


@pytest.fixture
def contact(db: None) -> Contact:
    return make.contact(AT, first_name="Ada", last_name="Alder", email="ada@example.com")


@pytest.fixture
def old(contact: Contact) -> None:
    for moment in ("2014-05-05", "2017-06-03", "2017-06-30", "2017-07-15", "2017-08-09", "2017-08-11", "2026-03-01"):
        event(moment)


def test_old_months_are_dropped_and_the_begun_one_goes_by_rows(old: None) -> None:
    DirtyMonth.objects.all().delete()
    assert retention.dry_run(actor=SYSTEM, record_id=rule().pk, at=AT)["count"] == 5
    assert apply() == {"Old events": 5}
    assert left() == ["2017-08-11", "2026-03-01"]
    assert not {JUNE, JULY} & months()
    assert AUGUST in months()
    told = OutboxEvent.objects.filter(name="event.months_dropped").values_list("payload", flat=True)
    assert {month for payload in told for month in payload["months"]} >= {"2017-06-01", "2017-07-01"}
    assert {JUNE, JULY, AUGUST} <= set(DirtyMonth.objects.filter(fact="events").values_list("month", flat=True))
    # No row of a dropped month went through the history.
    assert Change.objects.filter(entity="event", operation="delete").count() == 2
    assert EventKey.objects.filter(occurred_at__range=(OLD, datetime(2017, 8, 1, tzinfo=UTC))).count() == 0
    assert apply() == {"Old events": 0}


@pytest.mark.parametrize(
    "values",
    [
        {"criteria": {"field": "name", "value": "Receipt"}},
        {"moment": "received_at", "keep_days": 1},
        {"action": "empty"},
        {"active": False},
    ],
)
def test_other_rules_drop_no_month(old: None, values: dict[str, Any]) -> None:
    before = months()
    rule(**values)
    apply()
    assert months() == before


def test_a_month_with_events_of_somebody_on_hold_goes_without_theirs(old: None, contact: Contact) -> None:
    event("2017-07-20", contact_id=str(contact.pk))
    kept = event("2017-06-20", properties={"email": "ada@example.com"}, is_offline=True)
    # Untied, it is nobody's; that it was theirs is held all the same.
    ties.untie(actor=SYSTEM, record_id=Tie.objects.get(event=kept.pk).pk, at=AT)
    legal_holds.hold(actor=SYSTEM, record_id=contact.pk, at=AT, reason="lawsuit")
    rule()
    assert apply() == {"Old events": 6}
    assert left() == ["2017-07-20", "2017-08-11", "2026-03-01"]
    assert JUNE not in months()
    assert JULY in months()
    assert Tie.objects.filter(event=kept.pk).exists()
    legal_holds.release(actor=SYSTEM, record_id=contact.pk, at=AT)
    assert apply() == {"Old events": 1}
    assert JULY not in months()


def test_ties_and_history_go_with_the_month_and_a_visitors_tie_is_undone_all_the_same(contact: Contact) -> None:
    old, new = event("2017-06-03", anonymous_id="v-1"), event("2026-03-01", anonymous_id="v-1")
    identity.identify(actor=SYSTEM, record_id=contact.pk, at=AT, anonymous_id="v-1")
    single = event("2017-06-04", properties={"email": "ada@example.com"}, is_offline=True)
    rule()
    assert apply() == {"Old events": 2}
    assert not Tie.objects.filter(event=single.pk).exists()
    changes = Change.objects.filter(entity="event", record_id=old.pk)
    assert changes.exists()
    assert str(contact.pk) not in str(list(changes.values_list("before", "after")))
    ties.untie(actor=SYSTEM, record_id=Tie.objects.get(kind="visitor").pk, at=AT)
    new.refresh_from_db()
    assert new.contact_id is None


def test_a_month_that_is_held_by_the_time_of_its_drop_stays_as_it_was(contact: Contact) -> None:
    event("2017-06-04", properties={"email": "ada@example.com"}, is_offline=True)
    (month,) = [one for one in event_retention.months(rule(), AT) if one == JUNE]
    legal_holds.hold(actor=SYSTEM, record_id=contact.pk, at=AT, reason="lawsuit")
    assert event_retention.drop(month, at=AT) == 0
    assert (left(), Tie.objects.count(), JUNE in months()) == (["2017-06-04"], 1, True)


def test_a_month_in_use_goes_row_by_row(old: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_partitions, "PATIENCE", "50ms")
    rule()
    outcome: list[Any] = []
    with transaction.atomic():
        event("2026-03-02")
        assert at_once(lambda: outcome.append(apply())) == ["done"]
    assert outcome == [{"Old events": 5}]
    assert left() == ["2017-08-11", "2026-03-01", "2026-03-02"]
    assert JUNE in months()


def test_a_killed_worker_left_off_between_two_months(old: None, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = event_partitions.drop, []

    def drop(month: date, **options: Any) -> bool:
        calls.append(month)
        if month == JULY and calls.count(JULY) == 1:
            raise KeyboardInterrupt
        return real(month, **options)

    rule()
    monkeypatch.setattr(event_partitions, "drop", drop)
    job = retention.request(actor=SYSTEM, at=AT)
    with pytest.raises(KeyboardInterrupt):
        retention.carry_out(job_id=job.pk)
    assert JUNE not in months()
    assert JULY in months()
    assert retention.carry_out(job_id=job.pk)
    job.refresh_from_db()
    assert job.result == {"records": {"Old events": 5}}
    assert calls.count(JUNE) == 1


def test_a_first_touch_outlives_its_retention(contact: Contact) -> None:
    first, second = (
        touches.create(actor=SYSTEM, at=AT, values={
            "contact_id": str(contact.pk), "source": source, "occurred_at": moment, "campaign_code": "C-1",
        })
        for source, moment in (("fair", "2017-01-01"), ("mail", "2017-02-01"))
    )  # fmt: skip
    visitor = touches.create(
        actor=SYSTEM, at=AT, values={"anonymous_id": "v-9", "source": "ad", "occurred_at": "2017-01-05"}
    )
    rule(name="Old touches", entity="touch")
    assert apply() == {"Old touches": 2}
    assert list(Touch.objects.all()) == [first]
    assert not Touch.objects.filter(pk__in=(second.pk, visitor.pk)).exists()
    contact.refresh_from_db()
    assert (contact.acquisition_touch_id, contact.acquisition_source) == (first.pk, "fair")


def test_the_schedule_makes_months_ahead_and_applies_the_rules() -> None:
    named = {item["task"] for item in SCHEDULE.values()}
    assert {"crm.tasks.keep_event_months_ahead", "crm.tasks.nightly_retention", "crm.tasks.tie_later"} <= named
    tasks.keep_event_months_ahead()
    this = event_partitions.month_of(clock.now())
    assert {this, event_partitions.following(this)} <= months()
