"""Rhythm and recommendations from orders to both APIs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from analytics.services import computation, recompute
from core.actors import SYSTEM, Visibility
from crm.models import Contact, Product
from tests.analytics.callers import Caller, signed_in_over_both
from tests.analytics.support import contact, line, order
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def authenticator(settings: Any, clean_cache: None) -> Iterator[None]:
    with signed_in_over_both(settings):
        yield


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    found: list[UUID] = []
    monkeypatch.setattr(recompute, "send", found.append)
    return found


@pytest.fixture
def people() -> dict[str, Contact]:
    """One who buys milk every ten days, one who did so until 140 days ago, one who never bought; all computed."""
    milk = Product.objects.create(sku="M1", name="Milk", unit_price=2, currency="USD")
    made = {name: contact() for name in ("regular", "lapsed", "none")}
    for name, last in (("regular", 10), ("lapsed", 140)):
        for number in range(7):
            line(order(made[name], AT - timedelta(days=last + 10 * number), 2), 2, product=milk)
    job = recompute.request(actor=SYSTEM, at=AT)
    assert computation.carry_out(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == "succeeded", job.message
    return made


ANALYST = clerk("contact", "contact_metrics", "recommendation", "product", "analytics", actions=("view",))


def test_recommendations_of_a_contact_are_the_same_over_both(people: dict[str, Contact]) -> None:
    caller = Caller(ANALYST)
    status, found = caller.get(f"contacts/{people['regular'].pk}/recommendations")
    assert status == 200, found
    (row,) = found["data"] if isinstance(found, dict) else found
    assert (row["rank"], row["kind"], row["product_name"]) == (1, "repurchase", "Milk")
    assert row["reason"] == "bought 7 times, usually every 10 days, last on 2026-02-19"
    answer = caller.graphql(
        "query($id: ID!) { recommendationsOfContact(id: $id) { rank kind productName reason score } }",
        id=str(people["regular"].pk),
    )
    assert "errors" not in answer, answer
    (other,) = answer["data"]["recommendationsOfContact"]
    assert (other["reason"], other["score"]) == (row["reason"], row["score"])


def test_the_lapsed_are_offered_anything_and_others_nothing(people: dict[str, Contact]) -> None:
    caller = Caller(ANALYST)
    _, found = caller.get(f"contacts/{people['lapsed'].pk}/recommendations")
    (row,) = found["data"] if isinstance(found, dict) else found
    assert (row["kind"], row["product_id"]) == ("anything", None)
    assert row["reason"] == "has not bought for 140 days, usually every 10 days"
    status, found = caller.get(f"contacts/{people['none'].pk}/recommendations")
    assert (status, found["data"] if isinstance(found, dict) else found) == (200, [])


def test_rhythm_is_a_criterion(people: dict[str, Contact]) -> None:
    caller = Caller(ANALYST)
    lapsed = {"field": "metrics.rhythm_state", "value": "lapsed"}
    status, found = caller.post("contacts/search", {"filter": lapsed, "fields": ["id", "metrics.usual_gap_days"]})
    assert status == 200, found
    assert [row["id"] for row in found["data"]] == [str(people["lapsed"].pk)]
    assert found["data"][0]["metrics"]["usual_gap_days"] == 10


def test_what_is_sold_no_longer_is_left_out_at_once(people: dict[str, Contact]) -> None:
    Product.objects.update(active=False)
    _, found = Caller(ANALYST).get(f"contacts/{people['regular'].pk}/recommendations")
    assert (found["data"] if isinstance(found, dict) else found) == []


def test_not_computed_not_seen_and_not_allowed() -> None:
    new = contact()
    assert Caller(ANALYST).get(f"contacts/{new.pk}/recommendations")[1]["code"] == "not_computed_yet"
    assert Caller(ANALYST).get(f"contacts/{uuid4()}/recommendations")[0] == 404
    assert Caller(clerk("contact", actions=("view",))).get(f"contacts/{new.pk}/recommendations")[0] == 403
    partner = clerk("contact", "recommendation", visibility=Visibility.PARTNER, partner_id=uuid4(), actions=("view",))
    assert Caller(partner).get(f"contacts/{new.pk}/recommendations")[0] == 404


def test_a_second_computation_changes_nothing(people: dict[str, Contact]) -> None:
    job = recompute.request(actor=SYSTEM, at=AT)
    assert computation.carry_out(job_id=job.pk)
    _, runs = Caller(clerk("metric_run", actions=("view",))).get("analytics/runs", definition="recommendations")
    assert [run["changed"] for run in runs["data"]] == [0, 2]
