"""Replays and comparisons: the past computed again beside what is shown, and two runs held against each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from analytics import steps
from analytics.engine import results
from analytics.errors import ResultNotKept
from analytics.models import ContactMetrics, MetricRun
from analytics.selectors import comparison, reports
from analytics.services import computation, recompute
from core.actors import ANONYMOUS, SYSTEM
from core.errors import Invalid, NotAuthenticated, NotFound
from core.models.job import Job
from crm.models import Order
from tests.analytics.support import contact, order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unsent")]

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recompute, "send", lambda job_id: None)


def _done(job: Job) -> Job:
    assert computation.carry_out(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == Job.Status.SUCCEEDED, job.message
    return job


def _run(**options: Any) -> Job:
    return _done(recompute.request(actor=SYSTEM, at=AT, **options))


def _of(job: Job, step: str) -> UUID:
    return UUID(str(MetricRun.objects.get(job=job, definition=step).pk))


def _customers(number: int = 6) -> None:
    for place in range(1, number + 1):
        order(contact(), AT - timedelta(days=place), 10 * place)


def test_a_replay_stands_beside_what_is_shown() -> None:
    _customers()
    _run(as_of=AT)
    shown = list(ContactMetrics.objects.order_by("id").values())
    past = _run(as_of=AT - timedelta(days=4), live=False)
    assert list(ContactMetrics.objects.order_by("id").values()) == shown
    assert set(MetricRun.objects.filter(job=past).values_list("is_live", flat=True)) == {False}
    assert reports.concentration(actor=SYSTEM, at=AT)["customers"] == 6
    assert reports.concentration(actor=SYSTEM, at=AT, as_of=AT - timedelta(days=4))["customers"] == 3


def test_a_run_replayed_over_unchanged_facts_finds_the_same_to_the_byte() -> None:
    _customers()
    first = _run(as_of=AT, first_order_threshold=Decimal("20.005"))
    again = _done(recompute.replay(actor=SYSTEM, at=AT, run_id=_of(first, steps.PROFILES)))
    assert again.parameters["replay_of"] == str(_of(first, steps.PROFILES))
    for step in (steps.PROFILES,):
        files = [results.root() / str(job.pk) / f"{step}.parquet" for job in (first, again)]
        assert files[0].read_bytes() == files[1].read_bytes()
    found = comparison.compare(
        actor=SYSTEM, at=AT, record_id=_of(first, steps.PROFILES), other=_of(again, steps.PROFILES)
    )
    assert (found["same_version"], found["same_parameters"]) == (True, True)
    assert (found["added"], found["removed"], found["changed"]) == (0, 0, 0)


def test_what_changed_between_two_runs_is_told_by_column() -> None:
    _customers()
    first = _run(as_of=AT)
    Order.objects.filter(total=60).update(returned_total=5)
    newcomer = contact()
    order(newcomer, AT - timedelta(hours=1), 7)
    second = _run(as_of=AT, full_sync=True)
    found = comparison.compare(
        actor=SYSTEM, at=AT, record_id=_of(first, steps.PROFILES), other=_of(second, steps.PROFILES)
    )
    assert (found["added"], found["removed"]) == (1, 0)
    columns = {column["name"]: column for column in found["columns"]}
    assert columns["monetary"]["changed"] == 1
    assert (columns["monetary"]["total_before"], columns["monetary"]["total_after"]) == ("210.00", "212.00")
    report = comparison.compare(
        actor=SYSTEM, at=AT, record_id=_of(first, "concentration"), other=_of(second, "concentration")
    )
    revenue = next(column for column in report["columns"] if column["name"] == "revenue")
    assert (revenue["total_before"], revenue["total_after"]) == ("210.00", "212.00")


def test_tables_of_old_runs_are_removed_and_said_to_be(settings: Any) -> None:
    settings.ANALYTICS_KEPT_RUNS = 1
    _customers()
    first, second = _run(as_of=AT), _run(as_of=AT, first_order_threshold=Decimal(5))
    assert [path.name for path in results.root().iterdir()] == [str(second.pk)]
    with pytest.raises(ResultNotKept):
        comparison.compare(actor=SYSTEM, at=AT, record_id=_of(first, steps.PROFILES), other=_of(second, steps.PROFILES))


def test_bad_comparisons_and_replays() -> None:
    _customers()
    job = _run(as_of=AT)
    mine, other = _of(job, steps.PROFILES), _of(job, "concentration")
    with pytest.raises(Invalid):
        comparison.compare(actor=SYSTEM, at=AT, record_id=mine, other=other)
    with pytest.raises(NotFound):
        comparison.compare(actor=SYSTEM, at=AT, record_id=mine, other=uuid4())
    with pytest.raises(NotFound):
        recompute.replay(actor=SYSTEM, at=AT, run_id=uuid4())
    with pytest.raises(NotAuthenticated):
        recompute.replay(actor=ANONYMOUS, at=AT, run_id=mine)
    MetricRun.objects.filter(pk=mine).update(status=MetricRun.Status.FAILED)
    with pytest.raises(Invalid):
        comparison.compare(actor=SYSTEM, at=AT, record_id=mine, other=mine)


def test_a_killed_computation_goes_on_from_the_tables_it_made(monkeypatch: pytest.MonkeyPatch) -> None:
    _customers()
    job = recompute.request(actor=SYSTEM, at=AT)
    real, made = computation.Session.run, []

    def until_the_third(self: Any, step: Any, parameters: Any) -> int:
        if len(made) == 3:
            raise KeyboardInterrupt
        made.append(step.name)
        return real(self, step, parameters)

    with monkeypatch.context() as broken:
        broken.setattr(computation.Session, "run", until_the_third)
        with pytest.raises(KeyboardInterrupt):
            computation.carry_out(job_id=job.pk)
    before = {name: (results.root() / str(job.pk) / f"{name}.parquet").stat().st_ino for name in made}
    _done(job)
    assert {name: (results.root() / str(job.pk) / f"{name}.parquet").stat().st_ino for name in made} == before
    assert ContactMetrics.objects.count() == 6


def test_one_that_reads_other_facts_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    _customers()
    job = recompute.request(actor=SYSTEM, at=AT)
    with monkeypatch.context() as broken:
        broken.setattr("core.jobs.finish", lambda **options: 1 / 0)
        computation.carry_out(job_id=job.pk)
    Job.objects.filter(pk=job.pk).update(status=Job.Status.RUNNING)
    order(contact(), AT - timedelta(days=1), 1000)
    _done(job)
    assert ContactMetrics.objects.filter(monetary=1000).exists()


def test_one_whose_settings_changed_meanwhile_starts_anew(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    _customers()
    job = recompute.request(actor=SYSTEM, at=AT)
    with monkeypatch.context() as broken:
        broken.setattr("core.jobs.finish", lambda **options: 1 / 0)
        computation.carry_out(job_id=job.pk)
    Job.objects.filter(pk=job.pk).update(status=Job.Status.RUNNING)
    settings.BASE_CURRENCY = "EUR"
    _done(job)
    assert set(ContactMetrics.objects.values_list("other_currency_orders", flat=True)) == {1}
