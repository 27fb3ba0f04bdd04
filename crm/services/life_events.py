"""Writes of life events and of their kinds."""

from __future__ import annotations

from core.database.cursors import run_prepared
from core.errors import Invalid
from core.writes.base import Write, Writes
from crm.errors import InUse
from crm.models import LifecycleRule, LifecycleTrigger, LifeEvent, LifeEventKind

_HOLD = "SELECT id FROM crm_life_event_kind WHERE key = %s AND deleted_at IS NULL FOR SHARE"


class LifeEventKinds(Writes[LifeEventKind]):
    """A kind that something is of stays."""

    def deleting(self, change: Write[LifeEventKind]) -> None:
        key = change.record.key
        rules = LifecycleRule.objects.alive().filter(trigger=LifecycleTrigger.LIFE_EVENT, match=key)
        if LifeEvent.objects.alive().filter(kind=key).exists() or rules.exists():
            raise InUse(key=key)


class LifeEvents(Writes[LifeEvent]):
    """A life event is of a kind that there is."""

    def prepare(self, change: Write[LifeEvent]) -> None:
        if change.record.confidence > 1:
            raise Invalid.one("/confidence", "out_of_range", "Must be from 0 to 1.")
        if change.changed("kind") or "deleted_at" in change.before:
            require_kind(change.record.kind, "/kind")


def require_kind(key: str, pointer: str) -> None:
    """Raises Invalid. Holds the kind, together with others, against its deletion, which looks for what is of it."""
    if not run_prepared(_HOLD, [key]):
        raise Invalid.one(pointer, "not_found", "There is no such kind of life event.")


life_event_kinds = LifeEventKinds("life_event_kind")
life_events = LifeEvents("life_event")
