"""Verdicts on segments from what is recorded: outcomes of the members against those of the rest of their parent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from analytics import guard
from analytics.guard import Demand, Finding, Sample
from analytics.models import Segment, SegmentMembership
from analytics.selectors.segments import seen
from core.actors import Actor
from core.errors import Invalid
from core.registry import types

OUTCOMES = ("repurchase", "revenue")
WINDOW_DAYS = 90
MOST = 100
CIRCULAR = "membership_after_window"
_MEMBERS = """
    SELECT DISTINCT contact_id AS id FROM analytics_segment_membership
    WHERE segment_id = %(segment)s AND {then}
"""
_THEN = "entered_at <= %(start)s AND (deleted_at IS NULL OR deleted_at > %(start)s)"
_NOW = "deleted_at IS NULL"
_EVERYBODY = "SELECT id FROM crm_contact WHERE deleted_at IS NULL AND erased_at IS NULL"
_OUTCOME = """
    SELECT count(*), count(b.contact_id), coalesce(sum(b.revenue), 0), coalesce(sum(b.revenue * b.revenue), 0)
    FROM ({group}) g JOIN crm_contact c ON c.id = g.id AND c.deleted_at IS NULL
    LEFT JOIN (
        SELECT contact_id, sum(total - returned_total) AS revenue FROM crm_order
        WHERE placed_at > %(start)s AND placed_at <= %(at)s AND deleted_at IS NULL AND status <> 'cancelled'
            AND contact_id IS NOT NULL AND ({any_currency} OR currency = %(currency)s)
        GROUP BY contact_id
    ) b ON b.contact_id = g.id
"""


def verdict(*, actor: Actor, record_id: UUID, at: datetime, **asked: Any) -> dict[str, Any]:
    """The verdict on one segment. Raises Forbidden, NotFound, Invalid."""
    return verdicts(actor=actor, at=at, segment_ids=[record_id], **asked)["verdicts"][0]  # type: ignore[no-any-return]


def verdicts(
    *,
    actor: Actor,
    at: datetime,
    segment_ids: Sequence[UUID],
    outcome: str | None = None,
    window_days: int | None = None,
    lift: Decimal | None = None,
    alpha: Decimal | None = None,
    power: Decimal | None = None,
    minimum: int | None = None,
) -> dict[str, Any]:
    """Verdicts on several segments, with q-values over all that are asked for here."""
    if not 1 <= len(set(segment_ids)) <= MOST:
        raise Invalid.one("/segment_ids", "out_of_range", f"Name between 1 and {MOST} segments.")
    demand = _demand(lift, alpha, power, minimum)
    what, start = outcome or OUTCOMES[0], at - timedelta(days=window_days or WINDOW_DAYS)
    kept: dict[UUID | None, tuple[Sample, bool]] = {}
    lines = [_line(seen(actor, key)) for key in dict.fromkeys(segment_ids)]
    for line in lines:
        for segment in line:
            key = segment.pk if segment else None
            if key not in kept:
                kept[key] = _sample(segment, what, start, at)
    # A group is judged within its parent: members that the parent has not are no part of it.
    groups = [
        (kept[line[0].pk if line[0] else None][0], [_holding(line, index, kept) for index in range(1, len(line))])
        for line in lines
    ]
    found = guard.judge(groups, demand)
    told = [_told(line, finding, kept, what, start, at) for line, finding in zip(lines, found, strict=True)]
    return {"verdicts": told}


def _demand(lift: Decimal | None, alpha: Decimal | None, power: Decimal | None, minimum: int | None) -> Demand:
    given = {"lift": lift, "alpha": alpha, "power": power}
    values: dict[str, Any] = {name: float(value) for name, value in given.items() if value is not None}
    if minimum is not None:
        values["minimum"] = minimum
    try:
        return Demand(**values)
    except ValueError:
        raise Invalid.one(
            "/alpha", "out_of_range", "alpha is under 0.5, power from 0.5 to under 1, lift over 0, minimum from 2."
        ) from None


def _line(segment: Segment) -> list[Segment | None]:
    """The segment and the groups above it; the last is None, everybody."""
    found: list[Segment | None] = [segment]
    above = segment.parent_id
    while above is not None:
        parent = Segment.objects.alive().filter(pk=above).first()
        if parent is None or parent in found:
            break
        found.append(parent)
        above = parent.parent_id
    return [*found, None]


def _sample(segment: Segment | None, outcome: str, start: datetime, at: datetime) -> tuple[Sample, bool]:
    """The outcomes of a group, and whether its membership is from before them."""
    before = segment is None or SegmentMembership.objects.filter(segment=segment, entered_at__lte=start).exists()
    group = _EVERYBODY if segment is None else _MEMBERS.format(then=_THEN if before else _NOW)
    return _measured(group, segment, outcome, start, at), before


def _measured(group: str, segment: Segment | None, outcome: str, start: datetime, at: datetime) -> Sample:
    query = _OUTCOME.format(group=group, any_currency="true" if outcome == "repurchase" else "false")
    values = {"segment": segment and segment.pk, "start": start, "at": at, "currency": settings.BASE_CURRENCY}
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        n, buyers, total, squares = cursor.fetchone()
    if outcome == "repurchase":
        return Sample.of_rate(n, buyers)
    return Sample(n, float(total), float(squares), False)


def _holding(line: list[Segment | None], index: int, kept: dict[UUID | None, tuple[Sample, bool]]) -> Sample:
    above = line[index]
    mine, wider = kept[line[0].pk if line[0] else None][0], kept[above.pk if above else None][0]
    if wider.n < mine.n or wider.total < mine.total or (mine.is_rate and wider.n - mine.n < wider.total - mine.total):
        # The segment is not within what is called its parent: the two together are what it is a part of.
        return Sample(wider.n + mine.n, wider.total + mine.total, wider.squares + mine.squares, mine.is_rate)
    return wider


def _told(
    line: list[Segment | None],
    found: Finding,
    kept: dict[UUID | None, tuple[Sample, bool]],
    outcome: str,
    start: datetime,
    at: datetime,
) -> dict[str, Any]:
    segment, parent = line[0], line[1]
    assert segment is not None  # noqa: S101 - for the type checker
    low, high = found.interval or (None, None)
    caveats = [] if kept[segment.pk][1] else [CIRCULAR]
    moment = types.DateTime()
    return {
        "segment_id": str(segment.pk),
        "verdict": found.verdict,
        "reason": found.reason,
        "outcome": outcome,
        "from": moment.dump(start),
        "until": moment.dump(at),
        "n": found.n,
        "estimate": found.estimate,
        "low": low,
        "high": high,
        "needed_per_arm": found.needed_per_arm,
        "power": found.power,
        "detectable_lift": found.detectable_lift,
        "p_value": found.p_value,
        "q_value": found.q_value,
        "shrunk_estimate": found.shrunk,
        "parent_id": parent and str(parent.pk),
        "parent_n": found.parent.n,
        "parent_estimate": found.parent.mean,
        "alternative": _alternative(line, found, kept),
        "caveats": caveats,
    }


def _alternative(
    line: list[Segment | None], found: Finding, kept: dict[UUID | None, tuple[Sample, bool]]
) -> dict[str, Any] | None:
    if found.alternative is None:
        return None
    steps = found.alternative.steps
    wider = line[1 + steps] if steps is not None else None
    sample = kept[wider.pk if wider else None][0]
    name = wider.name if wider else "everybody"
    return {
        "segment_id": wider and str(wider.pk),
        "name": name,
        "n": sample.n,
        "estimate": sample.mean,
        "is_enough": steps is not None,
        "sentence": f"Address {name} instead. {found.alternative.sentence}",
    }
