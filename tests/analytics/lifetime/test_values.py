"""Lifetime values of contacts: by history, by the average of their group, and null where nothing is known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from analytics.models import ContactMetrics, FittedModel
from analytics.services import computation, recompute
from core.actors import SYSTEM
from core.models.job import Job
from crm.models import Contact, Order
from tests.analytics.lifetime import cdnow
from tests.analytics.lifetime.test_requests import load
from tests.analytics.support import contact, line, order

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(1998, 6, 30, 23, 59, tzinfo=UTC)


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    found: list[UUID] = []
    monkeypatch.setattr(recompute, "send", found.append)
    return found


def computed() -> Job:
    job = recompute.request(actor=SYSTEM, at=AT, as_of=AT)
    assert computation.carry_out(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == Job.Status.SUCCEEDED, job.message
    return job


def test_the_sample() -> None:
    load()
    idle, fresh = contact(), contact()
    order(fresh, AT - timedelta(days=2), 30)
    job = computed()
    rows = {row.contact_id: row for row in ContactMetrics.objects.all()}
    names = dict(Contact.objects.values_list("pk", "last_name"))
    methods = {row.lifetime_value_method for row in rows.values()}
    kept = FittedModel.objects.filter(job_id=job.pk)
    chosen = kept.get(kind="purchases", chosen=True, calibration_end__lt=AT.date())
    assert methods == {chosen.name, "group_average"}
    rivals = kept.filter(kind="purchases", calibration_end__lt=AT.date()).exclude(name="naive")
    assert chosen.rmse == min(each.rmse for each in rivals)
    for row in rows.values():
        assert 0 <= row.lifetime_value_low <= row.lifetime_value <= row.lifetime_value_high or row.contact_id == idle.pk
        assert row.lifetime_value_basis == "spend"
        assert row.active_probability is None or 0 <= row.active_probability <= 1
    # Over the year ahead the customers together buy less than they did in the year before.
    total = sum(row.expected_purchases for row in rows.values())
    assert 1500 < total < 3500
    by_name = {names[key]: row for key, row in rows.items()}
    most = max(cdnow.transactions(), key=lambda name: len(cdnow.transactions()[name]))
    never = next(name for name, days in cdnow.transactions().items() if len(days) == 1)
    assert by_name[most].lifetime_value > by_name[never].lifetime_value
    assert by_name[most].active_probability > 0.9 > by_name[never].active_probability
    assert by_name[most].predicted_next_order_at > AT
    assert by_name[never].predicted_next_order_at is None
    assert rows[fresh.pk].lifetime_value_method == "group_average"
    assert rows[idle.pk].active_probability is None
    assert rows[idle.pk].lifetime_value > 0

    holdout = kept.get(name=chosen.name, calibration_end__lt=AT.date())
    final = kept.get(name=chosen.name, calibration_end=AT.date())
    assert (holdout.chosen, final.chosen) == (True, True)
    assert holdout.run.definition == "lifetime_models"
    assert holdout.holdout_end == AT.date()
    assert holdout.calibration_end == date(1998, 6, 30) - timedelta(days=545 // 3)
    assert final.customers == 2358

    first = {row.contact_id: row.version for row in rows.values()}
    computed()
    assert {row.contact_id: row.version for row in ContactMetrics.objects.all()} == first


def test_newcomers_are_taken_to_be_like_their_group() -> None:
    load(600)
    everyone = list(Contact.objects.order_by("pk"))
    often = {item.contact_id for item in Order.objects.filter(placed_at__gt=datetime(1997, 7, 1, tzinfo=UTC))}
    for who in everyone:
        # Whoever came back stands for a good source.
        who.acquisition_source = "newsletter" if who.pk in often else "banner"
    Contact.objects.bulk_update(everyone, ["acquisition_source"])
    new = {name: contact(acquisition_source=name) for name in ("newsletter", "banner")}
    prospects = {name: contact(acquisition_source=name) for name in ("newsletter", "banner")}
    for who in new.values():
        order(who, AT - timedelta(days=1), 20)
    computed()
    rows = {row.contact_id: row for row in ContactMetrics.objects.all()}
    for group in (new, prospects):
        good, bad = rows[group["newsletter"].pk], rows[group["banner"].pk]
        assert good.lifetime_value_method == bad.lifetime_value_method == "group_average"
        assert good.lifetime_value > 2 * bad.lifetime_value > 0


def test_margins_where_costs_are_known() -> None:
    for number in range(6):
        who = contact()
        for week in range(0, 10 * (number + 1), 10):
            made = order(who, AT - timedelta(weeks=60 - week), 100)
            line(made, 100, unit_cost=Decimal(60), quantity=1)
    computed()
    found = ContactMetrics.objects.exclude(lifetime_value=None)
    assert {row.lifetime_value_basis for row in found} == {"margin"}
    assert {row.lifetime_value_method for row in found} == {"empirical"}
    for row in found:
        assert float(row.lifetime_value) < 45 * 3 * row.expected_purchases
        assert row.lifetime_value_low is None or row.lifetime_value_low <= row.lifetime_value
        assert row.active_probability is None


def test_nobody_came_back_or_nobody_came() -> None:
    idle = contact()
    computed()
    assert ContactMetrics.objects.get(contact=idle).lifetime_value is None
    for _ in range(5):
        order(contact(), AT - timedelta(days=90), 10)
    computed()
    for row in ContactMetrics.objects.all():
        assert row.lifetime_value is None
        assert row.lifetime_value_method is None
        assert row.expected_purchases is None
