"""Investment over both APIs: own points, own figures, and what cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.analytics.attribution.stored import stored
from tests.analytics.callers import Caller, signed_in_over_both
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db
ANALYST = clerk("analytics")
EXAMPLE: dict[str, Any] = {
    "margin": "50", "discount": 0.1, "acquisition": {"ceiling": 0.4, "spend": "5", "rate": 0.25},
    "retention": {"ceiling": 0.7, "spend": "10", "rate": 0.4},
}  # fmt: skip
SEGMENT = {
    "name": "best", "customers": 10, "value": "200", "rate": 0.2, "ceiling": 0.7, "spend": "10", "rate_with_spend": 0.5,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _doors(settings: Any, clean_cache: None) -> Iterator[None]:
    with signed_in_over_both(settings):
        yield


def basis(**values: Any) -> dict[str, Any]:
    """10 of 40 prospects won for 5 each, 60 of 100 customers kept for 10 each, and 50 earned with each of 80."""
    return {
        "period_days": 365, "history_days": 800, "prior_customers": 100, "kept_customers": 60, "active_customers": 80,
        "new_customers": 10, "orders": 90, "revenue_orders": 90, "margin_orders": 90, "revenue": "9000.00",
        "margin": "4000.00", "revenue_of_margin": "9000.00", "acquisition_cost": "200.00", "retention_cost": "1000.00",
        "acquisition_unknown_touches": 0, "retention_unknown_touches": 0, "prospects": 40, "won": 10,
    } | values  # fmt: skip


def segment(kind: str, name: str, **values: Any) -> dict[str, Any]:
    return {
        "kind": kind, "segment": name, "customers": 10, "at_risk": 4, "on_margin": 10, "rebuy_probability": 0.6,
        "period_margin": "500.00", "future_value": "900.00", "retention_worth": "300.00", "at_risk_worth": "200.00",
    } | values  # fmt: skip


def test_own_points_over_both() -> None:
    caller = Caller(ANALYST)
    status, found = caller.post("analytics/investment/plan", EXAMPLE | {"budget": "50", "segments": [SEGMENT]})
    assert status == 200, found
    assert found["plan"]["retention_spend"] == pytest.approx(16.3187, abs=5e-5)
    assert found["plan"]["lifetime_value"] == pytest.approx(67.198, abs=5e-4)
    assert [share["amount"] for share in found["split"]["shares"]] == ["50.00"]
    answer = caller.graphql(
        "{ investmentPlan(margin: 50, discount: 0.1, acquisition: {ceiling: 0.4, spend: 5, rate: 0.25},"
        " retention: {ceiling: 0.7, spend: 10, rate: 0.4}) { plan { customerEquity } split { unspent } } }"
    )
    assert "errors" not in answer, answer
    assert answer["data"]["investmentPlan"]["plan"]["customerEquity"] == pytest.approx(13.306, abs=5e-4)


@pytest.mark.parametrize(
    ("pointer", "changed"),
    [
        ("/acquisition/rate", {"acquisition": {"ceiling": 0.2, "spend": "5", "rate": 0.25}}),
        ("/retention/ceiling", {"retention": {"ceiling": 1.2, "spend": "5", "rate": 0.25}}),
        ("/retention/spend", {"retention": {"ceiling": 0.7, "spend": "0", "rate": 0.25}}),
        ("/margin", {"margin": "0"}),
        ("/discount", {"discount": -0.1}),
        ("/budget", {"budget": "5"}),
        ("/budget", {"budget": "-5", "segments": [SEGMENT]}),
        ("/segments/0/rate_with_spend", {"budget": "5", "segments": [SEGMENT | {"rate_with_spend": 0.1}]}),
        ("/segments/0/value", {"budget": "5", "segments": [SEGMENT | {"value": "-1"}]}),
        ("/segments/0/ceiling", {"budget": "5", "segments": [SEGMENT | {"ceiling": 0.1}]}),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(pointer: str, changed: dict[str, Any]) -> None:
    status, refused = Caller(ANALYST).post("analytics/investment/plan", EXAMPLE | changed)
    assert (status, refused["errors"][0]["pointer"]) == (422, pointer)


def test_own_figures_over_both() -> None:
    stored("investment_basis", [basis(), basis(period_days=90)])
    stored("investment_segments", [segment("most_valuable", "top20"), segment("rfm_segment", "loyal")])
    caller = Caller(ANALYST)
    status, found = caller.get("analytics/investment", budget="10.00")
    assert status == 200, found
    assert found["missing"] == []
    observed = found["observed"]
    assert (observed["period_days"], observed["margin"], observed["margin_basis"]) == (365, "50.00", "margin")
    assert (observed["acquisition_rate"], observed["acquisition_spend"]) == (0.25, "5.00")
    assert (observed["retention_rate"], observed["retention_spend"]) == (0.6, "10.00")
    assert {each["name"]: each["value"] for each in found["assumed"]} == pytest.approx(
        {"discount": 0.1, "acquisition_ceiling": 0.625, "retention_ceiling": 0.8}
    )
    plan = found["plan"]
    assert plan["marginal_retention_cost"] == pytest.approx(plan["lifetime_value"])
    assert (found["most_valuable"]["spend_ceiling"], found["segments"][0]["segment"]) == ("30.00", "loyal")
    # Keeping one is worth 75, the rate can rise by .2, half of it for 10: no more pays than ln(1.0397) / .0693 each.
    assert (found["split"]["shares"][0]["amount"], found["split"]["unspent"]) == ("5.62", "4.38")
    answer = caller.graphql("{ investment { plan { lifetimeValue } segments { spendCeiling } split { budget } } }")
    assert answer["data"]["investment"]["plan"]["lifetimeValue"] == pytest.approx(plan["lifetime_value"])
    assert caller.get("analytics/investment", budget="-1")[0] in (400, 422)


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({"history_days": 700}, ["not_enough_history"]),
        ({"prior_customers": 29}, ["not_enough_history"]),
        ({"margin": None, "margin_orders": 0, "revenue_of_margin": None}, ["margin_unknown"]),
        ({"retention_cost": None, "prospects": 0}, ["acquisition_rate_unknown", "acquisition_spend_unknown",
                                                    "retention_spend_unknown"]),
        ({"kept_customers": 100}, ["infeasible_retention_rate"]),
    ],
)  # fmt: skip
def test_what_is_missing_is_said(changed: dict[str, Any], missing: list[str]) -> None:
    stored("investment_basis", [basis(**changed)])
    stored("investment_segments", [])
    status, found = Caller(ANALYST).get("analytics/investment")
    assert (status, found["plan"], found["missing"], found["most_valuable"]) == (200, None, missing, None)


def test_nobody_without_the_grant() -> None:
    assert Caller(clerk("contact")).get("analytics/investment")[0] == 403
    assert Caller(clerk("contact")).post("analytics/investment/plan", EXAMPLE)[0] == 403
    assert Caller(ANALYST).get("analytics/investment")[1]["code"] == "not_computed_yet"
