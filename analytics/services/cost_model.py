"""Writes of activities and of their rates."""

from __future__ import annotations

from typing import Any

from analytics.errors import ActivityHasRates, RateOverlaps
from analytics.models import CostActivity, CostDriver, CostRate
from analytics.models.cost_model import OVERLAP
from core.constraints import explain
from core.errors import FieldError, Invalid
from core.writes.base import Write, Writes
from crm.models import Case, Interaction, Order

_INTERACTIONS = (CostDriver.INTERACTION, CostDriver.INTERACTION_MINUTES)
_CASES = (CostDriver.CASE, CostDriver.CASE_MINUTES)
# The media of touches are words of the senders' own; an order has no finer kind than its channel.
_WITH_KINDS = (*_INTERACTIONS, *_CASES, CostDriver.TOUCH)


def _choices(model: Any, name: str) -> frozenset[str]:
    return frozenset(str(value) for value, _ in model._meta.get_field(name).flatchoices)


class CostActivities(Writes[CostActivity]):
    """An activity only leaves out what its driver knows: otherwise it would count nothing, in silence."""

    def prepare(self, change: Write[CostActivity]) -> None:
        activity = change.record
        errors = [
            *_unknown("channels", activity.channels, _channels(activity.driver)),
            *_unknown("kinds", activity.kinds, _kinds(activity.driver)),
        ]
        if activity.direction and activity.driver not in _INTERACTIONS:
            errors.append(FieldError("/direction", "not_allowed", "Only interactions have a direction."))
        if errors:
            raise Invalid(errors)

    def deleting(self, change: Write[CostActivity]) -> None:
        if CostRate.objects.alive().filter(activity=change.record).exists():
            raise ActivityHasRates


class CostRates(Writes[CostRate]):
    """Overlapping periods are refused by the database, so that no two writers can make some at once."""

    def prepare(self, change: Write[CostRate]) -> None:
        rate = change.record
        if rate.valid_to is not None and rate.valid_to <= rate.valid_from:
            raise Invalid.one("/valid_to", "out_of_range", "Must be after the day on which the rate begins.")
        if rate.deleted_at is None and not CostActivity.objects.alive().filter(pk=rate.activity_id).exists():
            raise Invalid.one("/activity_id", "not_found", "There is no such activity.")


def _channels(driver: str) -> frozenset[str] | None:
    """The channels that there are; None where they are free words."""
    if driver == CostDriver.TOUCH:
        return None
    if driver in _INTERACTIONS:
        return _choices(Interaction, "channel")
    return _choices(Case if driver in _CASES else Order, "channel")


def _kinds(driver: str) -> frozenset[str] | None:
    if driver in _CASES:
        return _choices(Case, "priority")
    return None if driver in _WITH_KINDS else frozenset()


def _unknown(name: str, words: list[str], known: frozenset[str] | None) -> list[FieldError]:
    """What is asked for and never comes."""
    unknown = [] if known is None else sorted(set(words) - known)
    if not unknown:
        # Words are matched between line ends.
        return [FieldError(f"/{name}", "invalid_choice", "Must be one line.")] if "\n" in "".join(words) else []
    told = f"Must be among: {', '.join(sorted(known or ()))}." if known else "What is counted here has none."
    return [FieldError(f"/{name}", "invalid_choice", told)]


explain(OVERLAP, lambda diagnosis: RateOverlaps())

cost_activities = CostActivities("cost_activity")
cost_rates = CostRates("cost_rate")
