"""Refusals of analytics."""

from __future__ import annotations

from core.errors import Conflict, FieldError

PERIOD = ("valid_from", "valid_to")


class NotComputedYet(Conflict):
    """There is no such result yet; a recomputation makes one."""

    code = "not_computed_yet"
    title = "This has not been computed yet; ask for a recomputation."


class RateOverlaps(Conflict):
    """Of one day there would be two rates of an activity."""

    code = "overlapping_rate"
    title = "Another rate of this activity holds in a part of this period."

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """The fields that make the period."""
        return tuple(FieldError(f"/{name}", self.code, "Overlaps with another rate.") for name in PERIOD)


class ActivityHasRates(Conflict):
    """Rates of a deleted activity would be rates of nothing."""

    code = "activity_has_rates"
    title = "The activity has rates; delete them first, or set it inactive."


class ResultNotKept(Conflict):
    """The run succeeded, but its table was removed since: only the last runs' are kept."""

    code = "result_not_kept"
    title = "The table that this run computed is no longer kept; replay the run to make it again."


class EngineFailed(Conflict):
    """The engine that the settings name is not there, or could not compute something."""

    code = "engine_failed"
    title = "The analytics engine failed."


class NothingToDraw(Conflict):
    """The results have nothing that the chart could show."""

    code = "nothing_to_draw"
    title = "There is nothing to draw yet: no results that this chart shows."


class SegmentNotViable(Conflict):
    """A group too small, too uncertain, or no different from its parent; `verdict` says so, with the alternative."""

    code = "segment_not_viable"
    title = "The segment is not to be acted upon by itself."
