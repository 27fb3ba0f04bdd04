"""Tiers: writes of their rules, and the history of who came into which."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection

from analytics.models import MetricRun, TierBasis, TierChange, TierRule
from core.actors import SYSTEM
from core.errors import FieldError, Invalid
from core.events import Event, publish
from core.ids import new_ids
from core.writes.base import Write, Writes

if TYPE_CHECKING:
    # Web processes write rules, and never load the engine.
    from analytics.engine.session import Session

TIER_CHANGED = "contact.tier_changed"
CHUNK = 5_000
# History goes forwards only: a computation that looks back from before the last change adds none.
_CHANGED = """
    SELECT m.contact_id, c.to_tier, m.tier
    FROM analytics_contact_metrics AS m
    LEFT JOIN LATERAL (
        SELECT h.to_tier, h.at FROM analytics_tier_change AS h
        WHERE h.contact_id = m.contact_id ORDER BY h.at DESC, h.id DESC LIMIT 1
    ) AS c ON true
    WHERE m.tier IS DISTINCT FROM c.to_tier AND (c.at IS NULL OR c.at <= %s)
    ORDER BY m.contact_id
"""


class TierRules(Writes[TierRule]):
    """A tier must not be harder to stay in than to come into, nor a higher one easier to come into than a lower one."""

    def prepare(self, change: Write[TierRule]) -> None:
        rule = change.record
        if rule.deleted_at is not None:
            return
        errors = []
        if rule.stay_at > rule.enter_at:
            errors.append(FieldError("/stay_at", "out_of_range", "Must not be above `enter_at`."))
        if rule.basis == TierBasis.PERCENTILE and rule.enter_at >= 100:
            errors.append(FieldError("/enter_at", "out_of_range", "Of a percentile it must be below 100."))
        errors += _out_of_order(rule)
        if errors:
            raise Invalid(errors)


def _out_of_order(rule: TierRule) -> Iterator[FieldError]:
    """Tiers that are measured alike must rise with their ranks."""
    alike = {"measure": rule.measure, "basis": rule.basis, "window_days": rule.window_days}
    for other in TierRule.objects.alive().filter(**alike).exclude(pk=rule.pk).order_by("rank"):
        if other.rank != rule.rank and (other.rank > rule.rank) != (other.enter_at > rule.enter_at):
            side = "below" if other.rank > rule.rank else "above"
            yield FieldError("/enter_at", "out_of_order", f"Must be {side} {other.enter_at}, that of {other.name}.")


def keep_of_run(session: Session, run: MetricRun, at: datetime) -> None:
    """`record` what a live computation stored; a replay of the past moves nobody."""
    if run.is_live:
        record(as_of=run.as_of, at=at)


def record(*, as_of: datetime, at: datetime) -> int:
    """Add to the history where the stored tiers differ from it, and publish each change; returns how many.

    Call it in the transaction that stored them. What is told already is not told again.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, [as_of])
        found: list[tuple[Any, str | None, str | None]] = cursor.fetchall()
    for start in range(0, len(found), CHUNK):
        _tell(found[start : start + CHUNK], as_of, at)
    return len(found)


def _tell(changes: list[tuple[Any, str | None, str | None]], as_of: datetime, at: datetime) -> None:
    TierChange.objects.bulk_create(
        TierChange(id=key, contact_id=contact, from_tier=before, to_tier=after, at=as_of, created_at=at, updated_at=at)
        for key, (contact, before, after) in zip(new_ids(len(changes)), changes, strict=True)
    )
    publish(
        *(
            Event(TIER_CHANGED, {"contact_id": str(contact), "from_tier": before, "to_tier": after})
            for contact, before, after in changes
        ),
        actor=SYSTEM,
        at=at,
    )


tier_rules = TierRules("tier_rule")
