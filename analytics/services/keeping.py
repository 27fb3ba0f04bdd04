"""What becomes of the tables of a computation, in one transaction: answers kept whole, rows stored, and the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from analytics import steps
from analytics.engine.session import Session
from analytics.models import MetricResult, MetricRun
from analytics.services import fitted_models, tiers, write_back
from analytics.services.targets import TARGETS
from analytics.steps import Step

# Called in the storing transaction as `keep(session, run, at)`, for live runs and replays alike (`run.is_live`).
Keeper = Callable[[Session, MetricRun, datetime], None]

_TARGETS = {target.step: target for target in TARGETS}
# Steps of which something more is kept than their rows, and by what, after these are stored.
_KEEPERS: dict[str, Keeper] = {
    "lifetime_models": fitted_models.keep_of_run,
    steps.PROFILES: tiers.keep_of_run,
}


def keep(session: Session, step: Step, run: MetricRun, at: datetime) -> None:
    """Keep what a step found. A replay of the past changes nothing that is shown of contacts."""
    if step.is_report:
        rows = [wire(row) for row in session.rows(step.name)]
        MetricResult.objects.update_or_create(run=run, defaults={"rows": rows})
    target = _TARGETS.get(step.name)
    if target is not None and run.is_live:
        run.changed = write_back.store(target, session, as_of=run.as_of, at=at)
    if step.name in _KEEPERS:
        _KEEPERS[step.name](session, run, at)


def wire(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON: amounts as strings, so that no digit is lost."""
    return {name: _json(value) for name, value in row.items()}


def _json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
