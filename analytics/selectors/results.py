"""Stored results of computations about all customers, each with where it comes from and how fresh it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from analytics.errors import NotComputedYet
from analytics.models import LakeFile, MetricRun
from core.models.mark import DirtyMonth

# What a recomputation itself adds is no news.
_OWN = "tier_changes"


def latest(definition: str, *, as_of: datetime | None = None) -> MetricRun:
    """The last successful run of a definition, or the last that looks back from no later than `as_of`.

    Raises NotComputedYet.
    """
    runs = MetricRun.objects.filter(definition=definition, status=MetricRun.Status.SUCCEEDED)
    live = runs.filter(is_live=True)
    ordered = live.order_by("-id") if as_of is None else runs.filter(as_of__lte=as_of).order_by("-as_of", "-id")
    run = ordered.select_related("result").first()
    if run is None:
        raise NotComputedYet(definition=definition)
    assert isinstance(run, MetricRun)  # noqa: S101 - for the type checker
    return run


def rows(run: MetricRun) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run.result.rows
    return found


def freshness(run: MetricRun) -> dict[str, Any]:
    """Where a result comes from: as of when, computed when, by which definition, from a lake how far behind."""
    return {
        "run_id": str(run.pk),
        "as_of": _wire(run.as_of),
        "computed_at": _wire(run.finished_at),
        "definition": run.definition,
        "definition_version": run.definition_version,
        "window": run.window,
        "lake_synced_at": _wire(run.lake_synced_at),
        "has_newer_data": DirtyMonth.objects.exclude(fact=_OWN).exists() or _synced_since(run),
    }


def origin(run: MetricRun) -> dict[str, Any]:
    """`freshness`, and the currency of the amounts."""
    return freshness(run) | {"base_currency": currency(run)}


def currency(run: MetricRun) -> str:
    """The currency of the amounts of a run."""
    return str(run.parameters.get("base_currency", settings.BASE_CURRENCY))


def bounds(name: str, interval: tuple[float, float] | None) -> dict[str, float | None]:
    """An interval on the wire: `<name>_low` and `<name>_high`."""
    low, high = interval or (None, None)
    return {f"{name}_low": low, f"{name}_high": high}


def _synced_since(run: MetricRun) -> bool:
    """Whether something was copied into the lake after this run had read it."""
    return (
        run.lake_synced_at is not None
        and LakeFile.objects.exclude(fact=_OWN).filter(synced_at__gt=run.lake_synced_at).exists()
    )


def _wire(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
