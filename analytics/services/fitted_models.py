"""Keeping fitted models as rows: those of a job replace what it kept before, so that doing it twice adds nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from analytics.engine.session import Session
from analytics.lifetime import wire
from analytics.lifetime.comparison import SPEND, Candidate
from analytics.models import FittedModel, MetricRun


@dataclass(frozen=True)
class Circumstances:
    """What all models of one fit have in common. horizon_days: of expected purchases. basis: what values are."""

    job_id: UUID
    calibration_from: date | None
    calibration_end: date
    holdout_end: date | None
    horizon_days: int
    basis: str
    filter: Mapping[str, Any] | None = None
    run_id: UUID | None = None


def keep(candidates: Iterable[Candidate], of: Circumstances, *, at: datetime) -> list[UUID]:
    """Store the candidates; return their ids in this order. Call it in the transaction that ends the work."""
    ids = []
    for candidate in candidates:
        values = _values(candidate, of) | {"fitted_at": at, "updated_at": at}
        row, _ = FittedModel.objects.update_or_create(
            job_id=of.job_id,
            kind=candidate.kind,
            name=candidate.name,
            calibration_end=of.calibration_end,
            defaults=values,
            create_defaults=values | {"created_at": at},
        )
        ids.append(row.pk)
    return ids


def keep_of_run(session: Session, run: MetricRun, at: datetime) -> None:
    """Store what the step `lifetime_models` fitted, as a part of its run."""
    assert run.job_id is not None  # noqa: S101 - runs that are being stored belong to a job
    for row in session.rows("lifetime_models ORDER BY phase, place"):
        of = Circumstances(
            job_id=run.job_id,
            run_id=run.pk,
            calibration_from=row["calibration_from"],
            calibration_end=row["calibration_end"],
            holdout_end=row["holdout_end"],
            horizon_days=row["horizon_days"],
            basis=row["basis"],
        )
        keep([wire.loaded(row["detail"])], of, at=at)


def _values(candidate: Candidate, of: Circumstances) -> dict[str, Any]:
    fit, errors = candidate.fit, candidate.errors
    values: dict[str, Any] = {
        "calibration_from": of.calibration_from,
        "holdout_end": of.holdout_end if errors is not None else None,
        "run_id": of.run_id,
        "filter": of.filter,
        "converged": candidate.converged,
        "chosen": candidate.chosen,
        "message": candidate.message[:500],
        "horizon_days": of.horizon_days if candidate.curve else None,
        "basis": of.basis if candidate.kind == SPEND else None,
        "population_mean": candidate.population_mean,
        "rmse": errors.rmse if errors is not None else None,
        "errors": errors.as_dict() if errors is not None else None,
        "holdout_table": candidate.table or None,
        "expected_purchases": [{"weeks": at, "purchases": count} for at, count in candidate.curve] or None,
    }
    if fit is None:
        return values | dict.fromkeys(
            ("parameters", "standard_errors", "log_likelihood", "customers", "repeat_customers")
        )
    errors_of = fit.standard_errors
    return values | {
        "parameters": dict(zip(fit.names, map(float, fit.parameters), strict=True)),
        "standard_errors": None if errors_of is None else dict(zip(fit.names, map(float, errors_of), strict=True)),
        "log_likelihood": fit.log_likelihood if math.isfinite(fit.log_likelihood) else None,
        "customers": fit.customers,
        "repeat_customers": fit.repeat_customers,
    }
