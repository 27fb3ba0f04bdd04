"""Activities and rates: what is refused, over every door, and what is left to the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from analytics.errors import ActivityHasRates, RateOverlaps
from analytics.models import CostActivity, CostRate
from analytics.services.cost_model import cost_activities, cost_rates
from core.actors import SYSTEM
from core.errors import Invalid
from core.models import Change
from tests.analytics.callers import Caller, signed_in_over_both
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, tzinfo=UTC)
KEEPER = clerk("cost_activity", "cost_rate", actions=("view", "create", "update", "delete", "restore"))


@pytest.fixture(autouse=True)
def _doors(settings: Any, clean_cache: None) -> Iterator[None]:
    with signed_in_over_both(settings):
        yield


@pytest.fixture
def activity() -> CostActivity:
    return activity_of("minutes", "interaction_minutes")


def activity_of(key: str, driver: str, **values: Any) -> CostActivity:
    values = {"key": key, "name": key, "driver": driver, "statement_line": "service", **values}
    return cost_activities.create(actor=SYSTEM, values=values, at=AT)


def rate(activity: CostActivity, amount: str, valid_from: str, valid_to: str | None = None) -> CostRate:
    values = {"activity_id": str(activity.pk), "amount": amount, "valid_from": valid_from, "valid_to": valid_to}
    return cost_rates.create(actor=SYSTEM, values=values, at=AT)


def test_periods_follow_each_other_with_or_without_gaps(activity: CostActivity) -> None:
    rate(activity, "0.75", "2025-01-01", "2026-01-01")
    rate(activity, "0.0001", "2026-01-01", "2026-03-01")
    rate(activity, "0.9", "2026-04-01")
    rate(activity_of("other", "case"), "5", "2025-06-01")
    assert CostRate.objects.filter(activity=activity).count() == 3


@pytest.mark.parametrize(
    ("valid_from", "valid_to"),
    [
        ("2025-12-31", None),
        ("2024-01-01", None),
        ("2024-01-01", "2025-01-02"),
        ("2025-06-01", "2025-07-01"),
        ("2024-01-01", "2027-01-01"),
    ],
)
def test_overlaps_are_refused_over_both_apis(activity: CostActivity, valid_from: str, valid_to: str | None) -> None:
    rate(activity, "0.75", "2025-01-01", "2026-01-01")
    caller = Caller(KEEPER)
    values = {"activity_id": str(activity.pk), "amount": "1.0000", "valid_from": valid_from, "valid_to": valid_to}
    status, problem = caller.post("cost-rates", values)
    assert (status, problem["code"]) == (409, "overlapping_rate")
    assert {item["pointer"] for item in problem["errors"]} == {"/valid_from", "/valid_to"}
    answer = caller.graphql(
        "mutation ($input: CostRateCreateInput!) { createCostRate(input: $input) { __typename } }",
        input={"activityId": str(activity.pk), "amount": "1.0000", "validFrom": valid_from, "validTo": valid_to},
    )
    assert answer["errors"][0]["extensions"]["code"] == "overlapping_rate"
    assert CostRate.objects.count() == 1


def test_an_overlap_is_told_on_the_form_of_the_admin(activity: CostActivity) -> None:
    rate(activity, "0.75", "2025-01-01")
    client = Client()
    user = User.objects.create_user(email="x@example.com", name="X", is_staff=True, is_superuser=True)
    client.force_login(user, backend="accounts.backends.AccountBackend")
    form = {"activity": str(activity.pk), "amount": "1", "valid_from": "2026-01-01"}
    answer = client.post(reverse("admin:analytics_costrate_add"), form)
    assert answer.status_code == 200
    assert "Overlaps with another rate." in answer.content.decode()
    assert CostRate.objects.count() == 1
    answer = client.post(
        reverse("admin:analytics_costrate_add"), form | {"valid_from": "2020-01-01", "valid_to": "2025-01-01"}
    )
    assert answer.status_code == 302
    assert CostRate.objects.count() == 2


def test_changing_and_restoring_into_an_overlap_is_refused(activity: CostActivity) -> None:
    first = rate(activity, "1", "2025-01-01", "2026-01-01")
    second = rate(activity, "2", "2026-01-01")
    with pytest.raises(RateOverlaps), transaction.atomic():
        cost_rates.update(actor=SYSTEM, record_id=first.pk, values={"valid_to": "2026-01-02"}, at=AT)
    cost_rates.delete(actor=SYSTEM, record_id=first.pk, at=AT)
    rate(activity, "3", "2025-06-01", "2025-07-01")
    with pytest.raises(RateOverlaps), transaction.atomic():
        cost_rates.restore(actor=SYSTEM, record_id=first.pk, at=AT)
    assert CostRate.objects.alive().get(pk=second.pk).amount == Decimal(2)


def test_the_database_refuses_overlaps_whoever_writes(activity: CostActivity) -> None:
    rate(activity, "1", "2025-01-01")
    with pytest.raises(IntegrityError, match="analytics_cost_rate_no_overlap"), transaction.atomic():
        CostRate.objects.create(activity=activity, amount=2, valid_from=date(2026, 1, 1))


@pytest.mark.parametrize(
    "values",
    [
        {"amount": "-0.01"},
        {"amount": "0.00001"},
        {"valid_to": "2025-01-01"},
        {"valid_to": "2024-01-01"},
        {"activity_id": "00000000-0000-0000-0000-000000000000"},
    ],
)
def test_bad_rates_are_refused(activity: CostActivity, values: dict[str, Any]) -> None:
    whole = {"activity_id": str(activity.pk), "amount": "1", "valid_from": "2025-01-01"} | values
    with pytest.raises(Invalid), transaction.atomic():
        cost_rates.create(actor=SYSTEM, values=whole, at=AT)
    assert not CostRate.objects.exists()


@pytest.mark.parametrize(
    "values",
    [
        {"driver": "order", "channels": ["visit"]},
        {"driver": "interaction", "channels": ["telepathy"]},
        {"driver": "order", "kinds": ["demo"]},
        {"driver": "order", "direction": "inbound"},
        {"driver": "case", "kinds": ["demo"]},
        {"driver": "nothing"},
        {"key": "Not a key"},
    ],
)
def test_an_activity_that_would_count_nothing_is_refused(values: dict[str, Any]) -> None:
    whole = {"key": "k", "name": "K", "driver": "order", "statement_line": "order"} | values
    before = CostActivity.objects.count()
    with pytest.raises(Invalid), transaction.atomic():
        cost_activities.create(actor=SYSTEM, values=whole, at=AT)
    assert CostActivity.objects.count() == before


def test_an_activity_with_rates_stays(activity: CostActivity) -> None:
    made = rate(activity, "1", "2025-01-01")
    with pytest.raises(ActivityHasRates), transaction.atomic():
        cost_activities.delete(actor=SYSTEM, record_id=activity.pk, at=AT)
    cost_rates.delete(actor=SYSTEM, record_id=made.pk, at=AT)
    cost_activities.delete(actor=SYSTEM, record_id=activity.pk, at=AT)
    with pytest.raises(Invalid), transaction.atomic():
        cost_rates.restore(actor=SYSTEM, record_id=made.pk, at=AT)


def test_there_are_activities_to_begin_with_and_no_rates() -> None:
    keys = set(CostActivity.objects.values_list("key", flat=True))
    assert {"order_handling", "delivery", "service_time", "case_time", "return_handling", "touch"} <= keys
    assert not CostRate.objects.exists()


def test_changes_of_rates_are_in_the_history(activity: CostActivity) -> None:
    made = rate(activity, "1", "2025-01-01")
    cost_rates.update(actor=SYSTEM, record_id=made.pk, values={"amount": "2"}, at=AT)
    changes = Change.objects.filter(entity="cost_rate", record_id=made.pk).order_by("id")
    assert [change.operation for change in changes] == ["insert", "update"]
