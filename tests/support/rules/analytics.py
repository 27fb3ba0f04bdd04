"""Rules of analytics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics.models import ContactMetrics, MetricResult, MetricRun
from core.models.record import Record
from tests.support.rules.rule import Rule

if TYPE_CHECKING:
    from tests.support.samples import Samples


def _metrics(samples: Samples) -> Record:
    contact = samples.make("contact")
    numbers = {"frequency": 1, "other_currency_orders": 0, "as_of": samples.at, "computed_at": samples.at}
    moments = {"created_at": samples.at, "updated_at": samples.at}
    made: Record = ContactMetrics.objects.create(
        id=contact.pk, contact_id=contact.pk, definition_version="1", window="all", **numbers, **moments
    )
    return made


RULES = {
    "cost_activity": Rule(
        why="an activity leaves out only what its driver knows",
        needed=lambda samples: {"key": f"activity_{samples.next()}", "driver": "interaction"},
        complete=lambda samples: {"channels": ["call"], "kinds": ["demo"], "direction": "inbound"},
        not_in_updates=frozenset({"driver", "channels", "key"}),
    ),
    "cost_rate": Rule(
        why="periods of one activity never overlap, and end after they begin",
        complete=lambda samples: {"valid_from": "2026-01-01", "valid_to": "2026-07-01"},
        not_in_updates=frozenset({"valid_from", "valid_to"}),
    ),
}


def _run(samples: Samples) -> Record:
    """One that succeeded, with an answer, so that two can be compared."""
    moments = {"as_of": samples.at, "started_at": samples.at, "created_at": samples.at, "updated_at": samples.at}
    made: Record = MetricRun.objects.create(
        definition="concentration", definition_version="1", window="all", status="succeeded", **moments
    )
    MetricResult.objects.create(run=made, rows=[{"contacts": 1, "revenue": "1.00"}])
    return made


MAKERS = {"contact_metrics": _metrics, "metric_run": _run}
ALSO = {
    "analytics_slice_members": ("order", "view"),
    "analytics_slices": ("order", "view"),
    "metrics_of_contact": ("contact_metrics", "view"),
    "replay_metric_run": ("analytics", "recompute"),
    "compare_metric_run": ("analytics", "view"),
}
