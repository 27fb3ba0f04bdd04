"""Rules of analytics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics.models import ContactMetrics, MetricResult, MetricRun, Recommendation, SegmentMembership, TierChange
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
    "tier_rule": Rule(
        why="a tier is not harder to stay in than to come into, and tiers rise with their ranks",
        needed=lambda samples: {
            "rank": 100 + (n := samples.next()),
            "enter_at": str(1000 + n),
            "stay_at": "1",
            "measure": "orders",
            "basis": "amount",
            "window_days": 7,
        },
        not_in_updates=frozenset({"rank", "enter_at", "stay_at", "measure", "basis", "window_days"}),
    ),
    "segment": Rule(
        why="a segment has criteria unless it is kept by hand, and a key that nothing else has",
        needed=lambda samples: {"kind": "manual", "key": f"segment_{samples.next()}"},
        complete=lambda samples: {
            "kind": "dynamic",
            "filter": {"field": "region", "op": "eq", "value": "north"},
            "parent_id": None,
            "source_id": None,
            "owner_id": None,
        },
        changed=lambda samples, record: {"parent_id": None, "owner_id": None},
        not_in_updates=frozenset({"kind", "filter", "key", "source_id"}),
    ),
    "cost_rate": Rule(
        why="periods of one activity never overlap, and end after they begin",
        complete=lambda samples: {"valid_from": "2026-01-01", "valid_to": "2026-07-01"},
        not_in_updates=frozenset({"valid_from", "valid_to"}),
    ),
}


def _membership(samples: Samples) -> Record:
    """A contact in a segment that is kept by hand."""
    segment, contact = samples.make("segment"), samples.make("contact")
    made: Record = SegmentMembership.objects.create(
        segment_id=segment.pk,
        contact_id=contact.pk,
        entered_at=samples.at,
        created_at=samples.at,
        updated_at=samples.at,
    )
    return made


def _run(samples: Samples) -> Record:
    """One that succeeded, with an answer, so that two can be compared."""
    moments = {"as_of": samples.at, "started_at": samples.at, "created_at": samples.at, "updated_at": samples.at}
    made: Record = MetricRun.objects.create(
        definition="concentration", definition_version="1", window="all", status="succeeded", **moments
    )
    MetricResult.objects.create(run=made, rows=[{"contacts": 1, "revenue": "1.00"}])
    return made


def _tier_change(samples: Samples) -> Record:
    moments = {"at": samples.at, "created_at": samples.at, "updated_at": samples.at}
    made: Record = TierChange.objects.create(contact_id=samples.make("contact").pk, to_tier="Gold", **moments)
    return made


def _recommendation(samples: Samples) -> Record:
    moments = {"as_of": samples.at, "computed_at": samples.at, "created_at": samples.at, "updated_at": samples.at}
    made: Record = Recommendation.objects.create(
        contact_id=samples.make("contact").pk,
        rank=1,
        kind="anything",
        reason="has not bought for long",
        definition_version="1",
        window="all",
        **moments,
    )
    return made


MAKERS = {
    "contact_metrics": _metrics,
    "metric_run": _run,
    "recommendation": _recommendation,
    "segment_membership": _membership,
    "tier_change": _tier_change,
}
OPERATIONS = {
    "investment_plan": lambda samples, record: {
        "margin": "50",
        "discount": 0.1,
        "acquisition": {"ceiling": 0.4, "spend": "5", "rate": 0.25},
        "retention": {"ceiling": 0.7, "spend": "10", "rate": 0.4},
        "budget": None,
        "segments": None,
    },
    "preview_segment": lambda samples, record: {"filter": {}},
    "add_segment_members": lambda samples, record: {"contact_ids": [str(samples.make("contact").pk)]},
    "remove_segment_members": lambda samples, record: {"contact_ids": [str(samples.make("contact").pk)]},
    "segment_verdicts": lambda samples, record: {"segment_ids": [str(samples.make("segment").pk)]},
}
ALSO = {
    "preview_segment": ("contact", "view"),
    "add_segment_members": ("contact", "view"),
    "remove_segment_members": ("contact", "view"),
    "analytics_slice_members": ("order", "view"),
    "analytics_slices": ("order", "view"),
    "findings": ("contact_metrics", "view_costs"),
    "product_line_ledger": ("contact_metrics", "view_costs"),
    "product_line_profits": ("contact_metrics", "view_costs"),
    "profit-events": ("contact_metrics", "view_costs"),
    "profit_of_contact": ("contact_metrics", "view_costs"),
    "metrics_of_contact": ("contact_metrics", "view"),
    "recommendations_of_contact": ("recommendation", "view"),
    "replay_metric_run": ("analytics", "recompute"),
    "compare_metric_run": ("analytics", "view"),
}
