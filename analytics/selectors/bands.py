"""What customers became worth by the value of their first order, for a threshold that no run was made with."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Count, DecimalField, Q, Sum

from analytics.models import ContactMetrics, FirstOrderBand

CENT = Decimal("0.01")
_MONEY = DecimalField(max_digits=24, decimal_places=2)


def first_order_bands(threshold: Decimal) -> list[dict[str, Any]]:
    """The rows of `first_order_bands.sql`, from the stored metrics of contacts: one pass over one table."""
    known = ContactMetrics.objects.filter(first_order_value__isnull=False)
    sides = {
        FirstOrderBand.UNDER: Q(first_order_value__lt=threshold),
        FirstOrderBand.OVER: Q(first_order_value__gte=threshold),
    }
    measures: dict[str, Any] = {}
    for band, side in sides.items():
        measures[f"{band}_customers"] = Count("id", filter=side)
        measures[f"{band}_orders"] = Sum("frequency", filter=side)
        measures[f"{band}_revenue"] = Sum("monetary", filter=side, output_field=_MONEY)
        measures[f"{band}_first"] = Sum("first_order_value", filter=side, output_field=_MONEY)
    found = known.aggregate(**measures)
    return [_row(band, threshold, found) for band in sides if found[f"{band}_customers"]]


def _row(band: str, threshold: Decimal, found: dict[str, Any]) -> dict[str, Any]:
    customers = found[f"{band}_customers"]
    return {
        "band": str(band),
        "threshold": str(threshold),
        "customers": customers,
        "orders": found[f"{band}_orders"],
        "revenue": str(found[f"{band}_revenue"]),
        "average_value": _average(found[f"{band}_revenue"], customers),
        "average_first_order": _average(found[f"{band}_first"], customers),
    }


def _average(total: Decimal, count: int) -> str:
    return str((total / count).quantize(CENT, ROUND_HALF_UP))
