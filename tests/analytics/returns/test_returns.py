"""Returns of money spent: the known campaign, and honest nulls."""

from __future__ import annotations

from decimal import Decimal

import pytest

from analytics.intervals import wilson
from analytics.returns.ratios import returns


def test_the_known_campaign() -> None:
    """100,000 for 5,000 recipients of whom a tenth bought at 10,000."""
    found = returns(cost=Decimal(100_000), customers=500, revenue=Decimal(5_000_000), margin=Decimal(1_250_000))
    assert found.cost_per_acquisition == Decimal("200.00")
    assert (found.revenue_ratio, found.net_return) == (50, 49)
    assert (found.margin_ratio, found.net_margin_return, found.reasons) == (12.5, 11.5, {})


def test_what_cannot_be_told_is_null_with_its_reason() -> None:
    free = returns(cost=Decimal(0), customers=5, revenue=Decimal(10), margin=None)
    assert (free.cost_per_acquisition, free.revenue_ratio) == (None, None)
    assert set(free.reasons.values()) == {"no_cost"}
    assert set(returns(cost=None, customers=5, revenue=Decimal(1), margin=None).reasons.values()) == {"cost_unknown"}
    none = returns(cost=Decimal(10), customers=0, revenue=None, margin=None)
    assert none.reasons == {
        "cost_per_acquisition": "no_customers", "revenue_ratio": "revenue_unknown", "net_return": "revenue_unknown",
        "margin_ratio": "margin_unknown", "net_margin_return": "margin_unknown",
    }  # fmt: skip
    # Bought, and gave all of it back: that is known.
    assert returns(cost=Decimal(10), customers=1, revenue=Decimal(0), margin=Decimal(0)).net_return == -1


def test_wilson() -> None:
    # Newcombe 1998 (Statistics in Medicine 17), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for successes, trials, low, high in (
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718),
    ):  # fmt: skip
        assert wilson(successes, trials) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
    assert wilson(0, 0) is None
    with pytest.raises(ValueError, match="no more"):
        wilson(2, 1)
