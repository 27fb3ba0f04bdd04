"""Results of a recomputation as they are stored, from rows computed in the test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from analytics.models import MetricResult, MetricRun
from tests.analytics.attribution.support import AS_OF, Bench


def keep(made: Bench, *names: str, as_of: datetime = AS_OF) -> None:
    """Store the tables of these names, as reports."""
    for name in names:
        stored(name, made.rows(name), as_of=as_of)


def stored(name: str, rows: Sequence[Mapping[str, Any]], as_of: datetime = AS_OF) -> MetricRun:
    run = MetricRun.objects.create(
        definition=name, definition_version="1", as_of=as_of, window="all", status="succeeded", started_at=as_of,
        finished_at=as_of, parameters={"base_currency": "USD"},
    )  # fmt: skip
    MetricResult.objects.create(run=run, rows=[{key: _json(value) for key, value in row.items()} for row in rows])
    return run


def _json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
