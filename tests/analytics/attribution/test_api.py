"""Attribution and campaigns over both APIs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from analytics.attribution import step
from analytics.attribution.names import MODELS
from tests.analytics.attribution.stored import keep
from tests.analytics.attribution.support import bench
from tests.analytics.callers import Caller, signed_in_over_both
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 1, 1, 9, tzinfo=UTC).replace(tzinfo=None)
ANALYST = clerk("analytics")
REPORTS = ("attribution", "attribution_totals", "campaign_results")


@pytest.fixture(autouse=True)
def _doors(settings: Any, clean_cache: None) -> Iterator[None]:
    with signed_in_over_both(settings):
        yield


@pytest.fixture
def computed() -> None:
    """Four of five contacts bought for 100; see the example by hand. Touches by mail cost 10 each."""
    with bench() as made:
        made.add("contacts", [{"id": each} for each in "abcdef"])
        touched = [("a", "G"), ("b", "G"), ("c", "M"), ("d", "G"), ("d", "M"), ("e", "G")]
        for number, (who, source) in enumerate(touched):
            cost = {"cost": Decimal(10), "currency": "USD", "campaign_code": "MAIL"} if source == "M" else {}
            row = {
                "id": f"t{number}",
                "contact_id": who,
                "occurred_at": DAY + timedelta(hours=number),
                "source": source,
            }
            made.add("touches", [row | cost])
        for number, who in enumerate("abcdf"):
            values = {"status": "completed", "currency": "USD", "total": 100, "returned_total": 0, "coupon_code": "TEN"}
            made.add("orders", [{"id": f"o{number}", "contact_id": who, "placed_at": DAY + timedelta(days=3)} | values])
        made.define("order_margins", "attribution_touches", "attribution_journeys", "attribution_totals")
        made.define("campaign_results")
        made.model(step.run)
        keep(made, *REPORTS)


@pytest.mark.usefixtures("computed")
def test_models_stand_side_by_side_with_what_they_make_of_the_cost() -> None:
    caller = Caller(ANALYST)
    status, found = caller.get("analytics/attribution")
    assert status == 200, found
    assert (found["by"], found["conversion"], found["lookback_days"]) == ("source", "first_order", 90)
    assert (found["attributed_conversions"], found["unattributed_conversions"]) == (4, 1)
    assert (found["attributed_revenue"], found["unattributed_revenue"], found["margin"]) == ("400.00", "100.00", None)
    google, mail = found["keys"]
    assert [each["model"] for each in mail["models"]] == list(MODELS)
    markov = mail["models"][-1]
    assert (markov["credit"], markov["revenue"]) == ("1.600000", "160.00")
    assert (markov["cost_per_acquisition"], markov["revenue_ratio"], markov["net_return"]) == ("12.50", 8, 7)
    assert {"field": "margin_ratio", "reason": "margin_unknown"} in markov["reasons"]
    assert google["models"][0]["cost_per_acquisition"] is None
    assert {"field": "cost_per_acquisition", "reason": "cost_unknown"} in google["models"][0]["reasons"]

    answer = caller.graphql(
        '{ attribution(by: campaign, models: ["last", "markov"]) { by unattributedConversions baseCurrency'
        " keys { key kind models { model credit revenueRatio reasons { field reason } } } } }"
    )
    assert "errors" not in answer, answer
    assert answer["data"]["attribution"]["unattributedConversions"] == 1
    campaign = {key["kind"]: key for key in answer["data"]["attribution"]["keys"]}
    assert [each["model"] for each in campaign["named"]["models"]] == ["last", "markov"]
    assert campaign["named"]["models"][0]["credit"] == "2.000000"


@pytest.mark.usefixtures("computed")
def test_campaigns_and_coupons_over_both() -> None:
    caller = Caller(ANALYST)
    status, found = caller.get("analytics/campaigns")
    assert status == 200, found
    assert found["basis"] == "attributed"
    mail, coupon = found["campaigns"]
    assert (mail["code"], mail["recipients"], mail["customers"], mail["cost"]) == ("MAIL", 2, 2, "20.00")
    assert (mail["cost_per_acquisition"], mail["revenue_ratio"], mail["net_return"]) == ("10.00", 10, 9)
    assert mail["conversion_rate"] == 1
    assert 0.3 < mail["conversion_rate_low"] < 0.4
    assert (coupon["kind"], coupon["code"], coupon["orders"], coupon["conversion_rate"]) == ("coupon", "TEN", 5, None)
    assert {"field": "conversion_rate", "reason": "recipients_unknown"} in coupon["reasons"]
    answer = caller.graphql('{ campaignRoi(kind: campaign, code: "MAIL") { basis campaigns { code revenueRatio } } }')
    assert answer["data"]["campaignRoi"]["campaigns"] == [{"code": "MAIL", "revenueRatio": 10.0}]
    assert caller.get("analytics/campaigns", code="NONE")[1]["campaigns"] == []


@pytest.mark.usefixtures("computed")
def test_what_was_not_computed_or_cannot_be_is_refused() -> None:
    caller = Caller(ANALYST)
    assert caller.get("analytics/attribution", lookback_days="90")[0] == 200
    status, refused = caller.get("analytics/attribution", lookback_days="30")
    assert (status, refused["errors"][0]["code"]) == (422, "not_stored")
    answer = caller.graphql("{ attribution(lookbackDays: 30) { by } }")
    assert answer["errors"][0]["extensions"]["errors"][0]["code"] == "not_stored"
    answer = caller.graphql('{ attribution(models: ["best"]) { by } }')
    assert answer["errors"][0]["extensions"]["errors"][0]["code"] == "invalid_choice"
    for wrong in ({"by": "moon"}, {"models": "best"}, {"conversion": "visit"}, {"lookback_days": "0"}, {"x": "1"}):
        assert caller.get("analytics/attribution", **wrong)[0] in (400, 422), wrong
    status, early = caller.get("analytics/attribution", as_of="2020-01-01T00:00:00Z")
    assert (status, early["code"]) == (409, "not_computed_yet")


def test_nobody_without_the_grant_and_nothing_before_it_was_computed() -> None:
    for path in ("analytics/attribution", "analytics/campaigns"):
        assert Caller(clerk("contact")).get(path)[0] == 403
        assert Caller(ANALYST).get(path)[1]["code"] == "not_computed_yet"
