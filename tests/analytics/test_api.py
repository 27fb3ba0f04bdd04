"""Analytics over REST and GraphQL: the same answers, in criteria too, and nothing for those without a grant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from analytics.models import ContactMetrics, MetricRun
from analytics.services import computation, recompute
from core.actors import SYSTEM, Visibility
from core.models.job import Job
from crm.models import Contact
from tests.analytics.callers import Caller, signed_in_over_both
from tests.analytics.support import contact, order
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, tzinfo=UTC)
ANALYST = clerk("contact", "contact_metrics", "metric_run", "job", "analytics", actions=("view", "recompute"))


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
def people() -> list[Contact]:
    """Six customers, the n-th of whom bought n days ago for 10 n; all of it computed."""
    made = [contact() for _ in range(6)]
    for place, who in enumerate(made, start=1):
        order(who, AT - timedelta(days=place), 10 * place)
    job = recompute.request(actor=SYSTEM, at=AT)
    assert computation.carry_out(job_id=job.pk)
    return made


@pytest.mark.usefixtures("people")
def test_concentration_is_the_same_over_both() -> None:
    caller = Caller(ANALYST)
    status, found = caller.get("analytics/concentration")
    assert status == 200, found
    assert (found["revenue"], found["top20_customers"], found["base_currency"]) == ("210.00", 2, "USD")
    answer = caller.graphql(
        "{ concentration { revenue top20Customers top20Share asOf definitionVersion"
        " firstOrderBands { band customers averageValue } leftOut { reason } } }"
    )
    assert "errors" not in answer, answer
    other = answer["data"]["concentration"]
    assert (other["revenue"], other["top20Customers"]) == (found["revenue"], found["top20_customers"])
    assert (other["top20Share"], other["definitionVersion"]) == (found["top20_share"], found["definition_version"])
    assert [row["customers"] for row in other["firstOrderBands"]] == [3, 3]


@pytest.mark.usefixtures("people")
def test_rfm_bands_and_runs() -> None:
    caller = Caller(ANALYST)
    status, rfm = caller.get("analytics/rfm")
    assert status == 200, rfm
    assert sum(row["customers"] for row in rfm["segments"]) == 6
    status, bands = caller.get("analytics/first-order-bands", first_order_threshold="60")
    assert [row["customers"] for row in bands["bands"]] == [5, 1]
    status, runs = caller.get("analytics/runs", definition="customer_profiles")
    assert (status, runs["data"][0]["rows"], runs["data"][0]["changed"]) == (200, 6, 6)
    answer = caller.graphql("{ analyticsRuns(first: 100) { edges { node { definition status job { kind } } } } }")
    nodes = [edge["node"] for edge in answer["data"]["analyticsRuns"]["edges"]]
    assert {node["status"] for node in nodes} == {"succeeded"}
    assert len(nodes) == MetricRun.objects.count()


def test_metrics_are_criteria_and_expansions_of_contacts(people: list[Contact]) -> None:
    caller = Caller(ANALYST)
    recent = {"field": "metrics.recency_days", "op": "lte", "value": 2}
    status, found = caller.post("contacts/search", {"filter": recent})
    assert status == 200, found
    assert {row["id"] for row in found["data"]} == {str(who.pk) for who in people[:2]}
    status, one = caller.get(f"contacts/{people[3].pk}", expand="metrics")
    assert status == 200, one
    assert (one["metrics"]["monetary"], one["metrics"]["recency_days"]) == ("40.00", 4)
    answer = caller.graphql(
        "query($where: Criteria) { contacts(filter: $where) { edges { node { metrics { recencyDays } } } } }",
        where=recent,
    )
    assert "errors" not in answer, answer
    days = [edge["node"]["metrics"]["recencyDays"] for edge in answer["data"]["contacts"]["edges"]]
    assert sorted(days) == [1, 2]
    status, profile = caller.get(f"contacts/{people[3].pk}/metrics")
    assert (status, profile["monetary"]) == (200, "40.00")
    assert caller.get(f"contacts/{uuid4()}/metrics")[0] == 404
    status, listed = caller.get("analytics/contact-metrics", sort="-monetary", limit=1)
    assert (status, listed["data"][0]["contact_id"]) == (200, str(people[5].pk))


def test_a_recomputation_is_asked_for_once(sent: list[UUID]) -> None:
    caller = Caller(ANALYST)
    status, job = caller.post("analytics/recompute", {"as_of": "2026-01-01"})
    assert (status, job["status"], job["as_of"]) == (202, "queued", "2026-01-01T00:00:00+00:00")
    answer = caller.graphql("mutation { recomputeAnalytics { id status } }")
    assert "errors" not in answer, answer
    assert answer["data"]["recomputeAnalytics"]["id"] == job["id"]
    assert [str(each) for each in sent] == [job["id"]]
    assert caller.get(f"jobs/{job['id']}")[1]["kind"] == "recompute"
    status, problem = caller.post("analytics/recompute", {"as_of": "2999-01-01"})
    assert (status, problem["errors"][0]["pointer"]) == (422, "/as_of")


def test_nothing_computed_yet_is_said_so() -> None:
    caller = Caller(ANALYST)
    for path in ("analytics/concentration", "analytics/rfm", "analytics/first-order-bands"):
        status, problem = caller.get(path)
        assert (status, problem["code"]) == (409, "not_computed_yet")
    error = caller.graphql("{ concentration { revenue } }")["errors"][0]
    assert error["extensions"]["code"] == "not_computed_yet"
    new = contact()
    assert caller.get(f"contacts/{new.pk}/metrics")[1]["code"] == "not_computed_yet"


def test_partners_and_others_without_the_grant_get_nothing(people: list[Contact], sent: list[UUID]) -> None:
    sent.clear()
    partner = Caller(clerk("contact", visibility=Visibility.PARTNER, partner_id=uuid4(), actions=("view",)))
    viewer = Caller(clerk("contact", actions=("view",)))
    for caller in (partner, viewer):
        for path in ("analytics/concentration", "analytics/rfm", "analytics/runs", "analytics/contact-metrics"):
            assert caller.get(path)[0] == 403, path
        assert caller.post("analytics/recompute", {})[0] == 403
        assert caller.graphql("{ concentration { revenue } }")["errors"][0]["extensions"]["code"] == "forbidden"
    assert viewer.get(f"contacts/{people[0].pk}/metrics")[0] == 403
    assert partner.get(f"contacts/{people[0].pk}/metrics")[0] == 404
    answer = viewer.graphql("{ contacts(first: 1) { edges { node { metrics { monetary } } } } }")
    assert [edge["node"]["metrics"] for edge in answer["data"]["contacts"]["edges"]] == [None]
    assert sent == []
    assert Job.objects.count() == 1


def test_metrics_are_seen_by_whoever_sees_the_contact(people: list[Contact]) -> None:
    owner = uuid4()
    own = clerk("contact", "contact_metrics", actions=("view",), visibility=Visibility.OWN, user_id=owner)
    assert Caller(own).get("analytics/contact-metrics")[1]["data"] == []
    assert ContactMetrics.objects.count() == len(people)


@pytest.mark.usefixtures("people")
def test_cohorts_are_the_same_over_both_and_add_up() -> None:
    caller = Caller(ANALYST)
    status, found = caller.get("analytics/cohorts", granularity="quarter")
    assert status == 200, found
    (group,) = found["groups"]
    (cohort,) = group["cohorts"]
    assert (cohort["cohort"], cohort["customers"], cohort["complete"]) == ("2026-01-01", 6, False)
    assert (found["revenue"], group["revenue"], found["outside"]["orders"]) == ("210.00", "210.00", 0)
    (period,) = cohort["periods"]
    assert (period["retention"], period["complete"], period["revenue_per_customer"]) == (1.0, False, "35.00")
    answer = caller.graphql(
        "{ cohorts(granularity: quarter) { revenue groups { cohorts { cohort periods { retention revenue } } } } }"
    )
    assert "errors" not in answer, answer
    other = answer["data"]["cohorts"]["groups"][0]["cohorts"][0]
    assert (other["cohort"], other["periods"][0]["revenue"]) == ("2026-01-01", "210.00")
    assert caller.get("analytics/cohorts", granularity="week")[0] == 422


@pytest.mark.usefixtures("people")
def test_the_lifecycle_is_the_same_over_both_and_in_criteria() -> None:
    caller = Caller(ANALYST)
    status, found = caller.get("analytics/lifecycle", months=1)
    assert status == 200, found
    (month,) = found["months"]
    assert (month["month"], month["complete"]) == ("2026-03-01", False)
    assert {row["stage"]: row["customers"] for row in month["stocks"]}["new"] == 6
    answer = caller.graphql("{ lifecycleFlow(months: 1) { months { flows { fromStage toStage customers share } } } }")
    assert "errors" not in answer, answer
    assert answer["data"]["lifecycleFlow"]["months"][0]["flows"] == [
        {"fromStage": "new", "toStage": "new", "customers": 6, "share": 1.0}
    ]
    criteria = {"field": "metrics.behaviour_stage", "op": "eq", "value": "new"}
    assert len(caller.post("contacts/search", {"filter": criteria})[1]["data"]) == 6
