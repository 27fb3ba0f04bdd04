"""Models fitted on request: the published figures out of a database of orders, over any contacts and any days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from accounts.models import User
from analytics.models import FittedModel
from analytics.services import fitting, model_requests
from core.actors import SYSTEM, Actor, Visibility
from core.errors import Forbidden, Invalid, InvalidCriteria
from core.jobs import sending
from core.models.job import Job
from crm.models import Contact, Order
from tests.analytics.lifetime import cdnow
from tests.analytics.support import contact, order
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(1998, 7, 1, 12, tzinfo=UTC)
END = date(1998, 6, 30)


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    found: list[UUID] = []
    monkeypatch.setattr(sending, "_send", lambda _, job_id: found.append(job_id))
    return found


def load(customers: int | None = None, source: str = "") -> None:
    """The CDNOW sample as contacts and orders, several orders a day where there were several purchases."""
    people = list(cdnow.transactions().items())[:customers]
    made = Contact.objects.bulk_create([Contact(last_name=name, source=source) for name, _ in people])
    Order.objects.bulk_create(
        Order(
            contact=who, number=f"{source}{name}-{day}-{part}", subtotal=value, total=value,
            placed_at=datetime.combine(day, time(9 + part), UTC),
        )
        for who, (name, days) in zip(made, people, strict=True)
        for day, worth in days.items()
        for part, value in enumerate((worth, Decimal(0)))
    )  # fmt: skip


def fitted(actor: Actor = SYSTEM, **asked: Any) -> tuple[Job, dict[str, FittedModel]]:
    """The job done, and the models that it found."""
    started = model_requests.ask(actor=actor, at=AT, **asked)
    fitting.carry_out(job_id=UUID(started["id"]))
    job = Job.objects.get(pk=started["id"])
    return job, {row.name: row for row in FittedModel.objects.filter(job_id=job.pk)}


def test_the_published_figures() -> None:
    load()
    job, found = fitted(calibration_end=cdnow.CALIBRATION_END, holdout_end=END)
    assert job.status == Job.Status.SUCCEEDED, job.message
    bg, pareto, spend = found["bg_nbd"], found["pareto_nbd"], found["gamma_gamma"]
    assert bg.parameters == pytest.approx({"r": 0.24259, "alpha": 4.41353, "a": 0.79289, "b": 2.42575}, rel=1e-3)
    assert bg.log_likelihood == pytest.approx(-9582.4256, abs=0.01)
    assert pareto.parameters == pytest.approx({"r": 0.5533, "alpha": 10.578, "s": 0.6062, "beta": 11.668}, rel=1e-3)
    assert spend.parameters == pytest.approx({"p": 6.2488, "q": 3.7446, "v": 15.4477}, rel=1e-3)
    assert spend.population_mean == pytest.approx(35.171, rel=1e-3)
    assert (spend.customers, spend.basis) == (946, "spend")
    assert (bg.customers, bg.repeat_customers) == (2357, 946)
    assert (bg.calibration_from, bg.calibration_end, bg.holdout_end) == (date(1997, 1, 1), date(1997, 9, 30), END)
    assert [row["actual"] for row in job.result["holdout_table"]] == pytest.approx(
        [0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359], abs=0.0006
    )
    assert [row["pareto_nbd"] for row in job.result["holdout_table"]] == pytest.approx(
        [0.138, 0.599, 1.196, 1.714, 2.398, 2.907, 3.819, 6.403], abs=0.001
    )
    buying = [row for row in found.values() if row.kind == "purchases"]
    assert {row.name for row in buying} == {"bg_nbd", "pareto_nbd", "mbg_nbd", "empirical", "naive"}
    assert [row.name for row in buying if row.chosen] == ["pareto_nbd"]
    assert job.result["chosen"] == {"purchases": "pareto_nbd", "spend": "gamma_gamma"}
    assert all(set(row.errors) == {"mae", "rmse", "total_error", "spearman", "gini"} for row in buying)


def test_done_twice_it_finds_the_same_rows() -> None:
    load(400)
    job, found = fitted(calibration_end=cdnow.CALIBRATION_END)
    fitting.carry_out(job_id=job.pk)
    # As after a kill before the end was recorded.
    Job.objects.filter(pk=job.pk).update(status=Job.Status.RUNNING)
    fitting.carry_out(job_id=job.pk)
    again = {row.name: row for row in FittedModel.objects.filter(job_id=job.pk)}
    assert {name: row.pk for name, row in again.items()} == {name: row.pk for name, row in found.items()}
    assert {name: row.parameters for name, row in again.items()} == {
        name: row.parameters for name, row in found.items()
    }


def test_criteria_choose_the_contacts() -> None:
    load(500, source="banner")
    load(300, source="newsletter")
    asked = {"field": "source", "value": "banner"}
    _, found = fitted(filter=asked, calibration_end=cdnow.CALIBRATION_END, models=["bg_nbd"])
    assert set(found) == {"bg_nbd", "empirical", "naive"}
    assert found["bg_nbd"].customers == 500
    assert found["bg_nbd"].filter == asked


def test_only_the_contacts_that_the_caller_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    load(60)
    own = User.objects.create_user("one@example.com", None, name="One").pk
    Contact.objects.filter(pk__in=list(Contact.objects.values_list("pk", flat=True)[:7])).update(owner_id=own)
    mine = clerk("contact", "analytics", actions=("view", "recompute"), visibility=Visibility.OWN, user_id=own)
    # Who may sign in is another app's to know.
    monkeypatch.setattr(fitting, "recalled", lambda note, *, at: mine)
    _, found = fitted(actor=mine, models=["bg_nbd"], calibration_end=cdnow.CALIBRATION_END)
    assert found["bg_nbd"].customers == 7


def test_days_are_chosen_where_none_are_given() -> None:
    """Two thirds of the time from the first purchase to the last."""
    load(400)
    _, found = fitted()
    naive = found["naive"]
    last = max(day for days in list(cdnow.transactions().values())[:400] for day in days)
    first = min(day for days in list(cdnow.transactions().values())[:400] for day in days)
    assert naive.holdout_end == last
    assert naive.calibration_end == last - timedelta(days=(last - first).days // 3)


def test_few_repeat_buyers_fall_back_to_rates_so_far() -> None:
    load(100)
    job, found = fitted(calibration_end=cdnow.CALIBRATION_END)
    assert job.result["chosen"]["purchases"] == "empirical"
    assert "bought again" in found["empirical"].message
    assert not found["gamma_gamma"].chosen


def test_nobody_has_ordered() -> None:
    contact()
    job, found = fitted()
    assert job.status == Job.Status.SUCCEEDED
    assert found == {}
    assert "Not enough data" in job.result["message"]


def test_nobody_came_back() -> None:
    for _ in range(3):
        order(contact(), datetime(1998, 1, 5, tzinfo=UTC), 10)
    job, found = fitted(calibration_end=date(1998, 3, 1), holdout_end=END)
    assert job.status == Job.Status.SUCCEEDED
    assert not any(row.chosen for row in found.values())
    assert not found["pareto_nbd"].converged
    assert all("Not enough data" in row.message for row in found.values())


def test_cancelled_and_mixed() -> None:
    """Cancelled orders, other currencies and the future: behaviour counts all but the cancelled, money the base's."""
    who = contact()
    order(who, datetime(1998, 1, 5, tzinfo=UTC), 10)
    order(who, datetime(1998, 2, 5, tzinfo=UTC), 40, returned=10)
    order(who, datetime(1998, 2, 5, 18, tzinfo=UTC), 5, currency="EUR")
    order(who, datetime(1998, 3, 5, tzinfo=UTC), 99, status="cancelled")
    order(who, datetime(1999, 3, 5, tzinfo=UTC), 99)
    _, found = fitted(calibration_end=date(1998, 6, 1))
    assert (found["gamma_gamma"].customers, found["bg_nbd"].repeat_customers) == (1, 1)


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"calibration_end": date(2030, 1, 1)}, "/calibration_end"),
        ({"calibration_end": date(1998, 1, 2), "holdout_end": date(1998, 1, 1)}, "/holdout_end"),
        ({"models": []}, "/models"),
    ],
)
def test_what_cannot_be_is_refused(asked: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refusal:
        model_requests.ask(actor=SYSTEM, at=AT, **asked)
    assert refusal.value.errors[0].pointer == pointer
    assert not Job.objects.exists()


def test_unknown_criteria_are_refused() -> None:
    with pytest.raises(InvalidCriteria):
        model_requests.ask(actor=SYSTEM, at=AT, filter={"field": "shoe_size", "value": 3})


def test_who_may_not_ask() -> None:
    with pytest.raises(Forbidden):
        model_requests.ask(actor=clerk("contact", "analytics", actions=("view",)), at=AT)
