"""A recomputation as a job: what it stores, that it can be asked for twice, cancelled, killed and done again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from analytics import steps
from analytics.engine.session import Session
from analytics.lake.database import Lock, held, own_connection
from analytics.models import ContactMetrics, MetricResult, MetricRun
from analytics.selectors import reports
from analytics.services import computation, recompute, targets, write_back
from core import jobs
from core.actors import ANONYMOUS, SYSTEM
from core.errors import Invalid, NotAuthenticated
from core.models.job import Job
from crm.models import Contact, Order
from tests.analytics.support import contact, moment, order

pytestmark = pytest.mark.django_db(transaction=True)

TOTAL = len(steps.names()) + 2
AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """The jobs that were given to workers."""
    found: list[UUID] = []
    monkeypatch.setattr(recompute, "send", found.append)
    return found


def _customers(number: int = 6) -> list[Contact]:
    people = [contact() for _ in range(number)]
    for place, who in enumerate(people, start=1):
        order(who, AT - timedelta(days=place), 10 * place)
    return people


def _run(at: datetime = AT, **options: Any) -> Job:
    job = recompute.request(actor=SYSTEM, at=at, **options)
    assert computation.carry_out(job_id=job.pk)
    job.refresh_from_db()
    return job


@pytest.mark.usefixtures("sent")
def test_every_contact_gets_its_metrics() -> None:
    people = _customers()
    idle = contact()
    job = _run()
    assert (job.status, job.done, job.total) == (Job.Status.SUCCEEDED, TOTAL, TOTAL)
    found = ContactMetrics.objects.get(contact=people[2])
    assert found.pk == people[2].pk
    assert (found.recency_days, found.frequency, found.monetary) == (3, 1, Decimal(30))
    assert (found.as_of, found.window) == (AT, "all orders up to as_of")
    assert found.definition_version == MetricRun.objects.get(definition=steps.PROFILES).definition_version
    assert ContactMetrics.objects.get(contact=idle).recency_days is None
    assert ContactMetrics.objects.filter(is_top20=True).count() == 2


@pytest.mark.usefixtures("sent")
def test_only_what_changed_is_written() -> None:
    people = _customers()
    assert MetricRun.objects.get(job=_run(), definition=steps.PROFILES).changed == 6
    assert MetricRun.objects.get(job=_run(as_of=AT), definition=steps.PROFILES).changed == 0
    Order.objects.filter(contact=people[5]).update(returned_total=1)
    later = AT + timedelta(hours=1)
    job = _run(later, as_of=AT)
    assert MetricRun.objects.get(job=job, definition=steps.PROFILES).changed == 1
    assert ContactMetrics.objects.get(contact=people[5]).version == 2
    untouched = ContactMetrics.objects.get(contact=people[1])
    assert untouched.version == 1


@pytest.mark.usefixtures("sent")
def test_a_contact_that_is_deleted_loses_its_metrics() -> None:
    people = _customers()
    _run()
    Contact.objects.filter(pk=people[0].pk).update(deleted_at=AT)
    assert not ContactMetrics.objects.all().visible_to(SYSTEM).filter(contact=people[0]).exists()
    _run(as_of=AT)
    assert ContactMetrics.objects.count() == 5
    assert Order.objects.filter(contact=people[0]).exists()


@pytest.mark.usefixtures("sent")
def test_results_are_served_from_what_is_stored() -> None:
    _customers()
    _run()
    found = reports.concentration(actor=SYSTEM, at=AT)
    assert (found["customers"], found["revenue"], found["top20_revenue"]) == (6, "210.00", "110.00")
    assert [(row["band"], row["customers"], row["threshold"]) for row in found["first_order_bands"]] == [
        ("under", 3, "35.000"), ("over", 3, "35.000"),
    ]  # fmt: skip
    assert found["has_newer_data"] is False
    given = reports.first_order_bands(actor=SYSTEM, at=AT, first_order_threshold=Decimal(60))
    assert [(row["band"], row["customers"], row["average_value"]) for row in given["bands"]] == [
        ("under", 5, "30.00"), ("over", 1, "60.00"),
    ]  # fmt: skip
    assert sum(row["customers"] for row in reports.rfm_segments(actor=SYSTEM, at=AT)["segments"]) == 6
    order(contact(), AT, 1)
    assert reports.concentration(actor=SYSTEM, at=AT)["has_newer_data"] is True


@pytest.mark.usefixtures("sent")
def test_results_as_of_an_earlier_moment_stay() -> None:
    _customers()
    _run(as_of=AT - timedelta(days=4))
    _run(as_of=AT)
    assert reports.concentration(actor=SYSTEM, at=AT)["customers"] == 6
    assert reports.concentration(actor=SYSTEM, at=AT, as_of=AT - timedelta(days=2))["customers"] == 3


@pytest.mark.usefixtures("sent")
def test_a_given_threshold_is_kept_with_the_result() -> None:
    _customers()
    _run(first_order_threshold=Decimal("20.005"))
    assert reports.first_order_bands(actor=SYSTEM, at=AT)["bands"][0]["threshold"] == "20.005"
    assert ContactMetrics.objects.filter(first_order_band="under").count() == 2


def test_a_second_request_answers_the_one_that_runs(sent: list[UUID]) -> None:
    first = recompute.request(actor=SYSTEM, at=AT)
    assert recompute.request(actor=SYSTEM, at=AT).pk == first.pk
    assert sent == [first.pk]
    assert Job.objects.count() == 1


def test_bad_input_starts_nothing(sent: list[UUID]) -> None:
    for bad in ({"as_of": AT + timedelta(seconds=1)}, {"first_order_threshold": Decimal(0)}):
        with pytest.raises(Invalid):
            recompute.request(actor=SYSTEM, at=AT, **bad)  # type: ignore[arg-type]
    with pytest.raises(NotAuthenticated):
        recompute.request(actor=ANONYMOUS, at=AT)
    assert not Job.objects.exists()
    assert sent == []


@pytest.mark.usefixtures("sent")
def test_while_one_is_at_work_another_worker_stands_back() -> None:
    job = recompute.request(actor=SYSTEM, at=AT)
    with own_connection() as other, held(other, Lock.RECOMPUTE):
        assert computation.carry_out(job_id=job.pk) is False
    job.refresh_from_db()
    assert job.status == Job.Status.QUEUED


class Kill(BaseException):
    """As sudden as a kill."""


def _kill(*arguments: Any, **options: Any) -> None:
    raise Kill


@pytest.mark.parametrize(
    "breaks",
    [
        lambda patch: patch.setattr("analytics.lake.syncing._record", _kill),
        lambda patch: patch.setattr(Session, "run", _kill),
        lambda patch: patch.setattr(write_back, "_insert", _kill),
        lambda patch: patch.setattr(jobs, "finish", _kill),
    ],
)
def test_a_killed_recomputation_is_done_again_and_nothing_is_doubled(
    sent: list[UUID], monkeypatch: pytest.MonkeyPatch, breaks: Callable[[pytest.MonkeyPatch], None]
) -> None:
    _customers()
    job = recompute.request(actor=SYSTEM, at=AT)
    with monkeypatch.context() as broken:
        breaks(broken)
        with pytest.raises(Kill):
            computation.carry_out(job_id=job.pk)
    assert not ContactMetrics.objects.exists()
    assert not MetricResult.objects.exists()
    sent.clear()
    job.refresh_from_db()
    assert recompute.resend_unattended(at=job.updated_at + timedelta(minutes=1)) == 1
    assert sent == [job.pk]
    for _ in range(2):
        assert computation.carry_out(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == Job.Status.SUCCEEDED
    assert ContactMetrics.objects.count() == 6
    assert set(ContactMetrics.objects.values_list("version", flat=True)) == {1}
    assert (
        MetricRun.objects.filter(status=MetricRun.Status.SUCCEEDED).count()
        == MetricRun.objects.count()
        == len(steps.names())
    )


@pytest.mark.usefixtures("sent")
def test_cancelling_stops_between_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    _customers()
    job = recompute.request(actor=SYSTEM, at=AT)
    real = Session.run

    def run(*arguments: Any) -> int:
        Job.objects.filter(pk=job.pk).update(cancel_requested=True)
        return real(*arguments)

    monkeypatch.setattr(Session, "run", run)
    computation.carry_out(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == Job.Status.CANCELLED
    assert set(MetricRun.objects.values_list("status", flat=True)) == {"cancelled"}
    assert not ContactMetrics.objects.exists()
    assert recompute.request(actor=SYSTEM, at=AT).pk != job.pk


@pytest.mark.usefixtures("sent")
def test_a_failure_is_told_without_its_insides(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any) -> int:
        raise OSError(28, "No space left on device", "/somewhere/private")

    monkeypatch.setattr(Session, "run", fail)
    job = _run()
    assert job.status == Job.Status.FAILED
    assert job.message == "The lake's folder could not be written: No space left on device."
    assert MetricRun.objects.get().error == job.message


@pytest.mark.usefixtures("sent")
def test_two_runs_give_identical_rows() -> None:
    for who in _customers(12):
        order(who, moment("2025-12-01"), Decimal("3.33"), Decimal("1.11"))
    _run(as_of=AT)
    names = targets.PROFILES.columns
    first = list(ContactMetrics.objects.order_by("id").values_list(*names))
    results = list(MetricResult.objects.order_by("run__definition").values_list("rows", flat=True))
    ContactMetrics.objects.all().delete()
    MetricRun.objects.all().delete()
    _run(as_of=AT, full_sync=True)
    assert list(ContactMetrics.objects.order_by("id").values_list(*names)) == first
    assert list(MetricResult.objects.order_by("run__definition").values_list("rows", flat=True)) == results
