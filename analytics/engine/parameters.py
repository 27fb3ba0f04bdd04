"""What definitions and models may ask for, by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings


def parameters_of(*, as_of: datetime, first_order_threshold: Decimal | None = None) -> dict[str, Any]:
    """as_of: the moment to look back from (UTC). first_order_threshold: in the base currency; None for the median."""
    return {
        "as_of": as_of.strftime("%Y-%m-%d %H:%M:%S.%f"),
        "base_currency": settings.BASE_CURRENCY,
        "first_order_threshold": first_order_threshold,
        "attribution_days": settings.ANALYTICS_ATTRIBUTION_DAYS,
        # By default each definition divides the time that it sees.
        "calibration_end": None,
        "expected_days": settings.ANALYTICS_EXPECTED_DAYS,
        "lifetime_days": settings.ANALYTICS_LIFETIME_DAYS,
        "discount_rate": settings.ANALYTICS_DISCOUNT_RATE,
    }


def from_options(as_of: datetime, options: Mapping[str, Any]) -> dict[str, Any]:
    """The same, from what a job keeps as JSON."""
    threshold = options.get("first_order_threshold")
    return parameters_of(as_of=as_of, first_order_threshold=None if threshold is None else Decimal(threshold))
