"""Carrying out a fit that was asked for: contacts, lake, fit, keep. A kill leaves nothing or all of it."""

# ruff: noqa: S608 - the SQL is made of our own names

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import duckdb
import numpy as np
from django.conf import settings
from django.db import OperationalError, transaction

from analytics.engine import session as engine
from analytics.lake import syncing
from analytics.lifetime import reading
from analytics.lifetime.comparison import Candidate, compare
from analytics.lifetime.names import NAMES
from analytics.lifetime.reading import Basis, Period
from analytics.services import fitted_models, model_requests
from analytics.services.fitted_models import Circumstances
from analytics.steps import definitions
from core import jobs
from core.clock import now
from core.errors import DomainError
from core.jobs.acting import recalled
from core.models.job import Job

STEPS = 4
_ASKED = "asked_contacts"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """What the job was asked for."""

    at: datetime
    calibration_end: date | None
    holdout_end: date | None
    models: tuple[str, ...]
    horizon_days: int

    @classmethod
    def of(cls, job: Job) -> Asked:
        """As the job keeps it."""
        kept = job.parameters
        days = [kept[name] and date.fromisoformat(kept[name]) for name in ("calibration_end", "holdout_end")]
        at = datetime.fromisoformat(kept["asked_at"])
        return cls(at, days[0], days[1], tuple(kept["models"] or NAMES), kept["horizon_days"])


@dataclass(frozen=True)
class Found:
    """What came of it; `why` where there is nothing."""

    candidates: list[Candidate]
    period: Period | None
    basis: Basis | None
    why: str = ""


def carry_out(*, job_id: UUID) -> None:
    """Do a job of `model_requests.ask`; doing it again after it is over does nothing."""
    job = jobs.begin(job_id=job_id, at=now())
    if job is None:
        return
    try:
        _fit(job)
    except jobs.JobCancelled:
        jobs.cancelled(job_id=job_id, at=now())
    except OperationalError:
        # The database is away or being restarted: nothing can be recorded, and the job is done again later.
        raise
    except DomainError as refusal:
        jobs.fail(job_id=job_id, message=refusal.detail, at=now())
    except duckdb.OutOfMemoryException:
        jobs.fail(job_id=job_id, message="It needs more than ANALYTICS_MEMORY_LIMIT allows.", at=now())
    except Exception:
        logger.exception("Fit %s failed", job_id)
        jobs.fail(job_id=job_id, message="An internal error; the log of the worker has the details.", at=now())


def _fit(job: Job) -> None:
    asked = Asked.of(job)

    def report(done: int, message: str) -> None:
        jobs.progress(job_id=job.pk, done=done, total=STEPS, message=message, at=now())

    report(0, "Finding the contacts")
    chosen = _contacts(job, asked)
    report(1, "Bringing the lake up to date")
    syncing.sync(at=now(), progress=lambda message: report(1, message))
    report(2, "Reading purchases")
    with _histories(asked, chosen) as columns:
        found = _compared(columns, asked, lambda message: report(3, message))
    _keep(job, asked, found)


def _contacts(job: Job, asked: Asked) -> list[str] | None:
    """The ids of the contacts as whoever asked sees them now; None for all there are."""
    actor = recalled(job.state["actor"], at=now())
    actor.require("analytics", "recompute")
    where = job.parameters["filter"] or {}
    if not where and model_requests.sees_all(actor):
        return None
    rows = model_requests.contacts(actor=actor, at=asked.at, where=where)
    return [str(key) for key in rows.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=50_000)]


@contextmanager
def _histories(asked: Asked, chosen: list[str] | None) -> Iterator[reading.Columns]:
    """The table of purchase histories of these contacts, to be asked by SQL."""
    with engine.opened() as lake:
        duck = lake.duck
        among = ""
        if chosen is not None:
            duck.register("given_contacts", {"id": np.array(chosen, dtype=object)})
            duck.execute(f"CREATE TEMP TABLE {_ASKED} AS SELECT CAST(id AS VARCHAR) AS id FROM given_contacts")
            duck.unregister("given_contacts")
            among = f"WHERE contact_id IN (SELECT id FROM {_ASKED})"
        between = _days(duck, asked, among)
        sql = definitions.get(reading.TABLE).sql
        parameters = {
            "as_of": f"{between.holdout_end.isoformat()} 23:59:59.999999",
            "base_currency": settings.BASE_CURRENCY,
            "calibration_end": between.calibration_end.isoformat(),
        }
        duck.execute(f"CREATE TEMP TABLE {reading.TABLE} AS SELECT * FROM ({sql}) AS histories {among}", parameters)
        yield lambda query: duck.execute(query).fetchnumpy()


def _days(duck: duckdb.DuckDBPyConnection, asked: Asked, among: str) -> Period:
    """What was asked for; by default up to the last purchase, calibrated on two thirds of the time."""
    until = (asked.holdout_end or asked.at.date()) + timedelta(days=1)
    row = duck.execute(
        f"SELECT MIN(CAST(placed_at AS DATE)), MAX(CAST(placed_at AS DATE)) FROM (SELECT * FROM orders {among}) AS o "
        "WHERE status <> 'cancelled' AND placed_at < CAST($until AS TIMESTAMP) "
        "AND contact_id IN (SELECT id FROM contacts)",
        {"until": until.isoformat()},
    ).fetchone()
    first, last = row if row and row[0] is not None else (asked.at.date(), asked.at.date())
    end = asked.holdout_end or max(last, asked.calibration_end or last)
    middle = asked.calibration_end or end - (end - first) // 3
    return Period(first, middle, end)


def _compared(columns: reading.Columns, asked: Asked, tell: Any) -> Found:
    between = reading.period(columns)
    if between is None:
        return Found([], None, None, "Not enough data: none of these contacts has ordered.")
    chosen = reading.basis(columns)
    observed = reading.calibration(columns, chosen, between)
    if observed is None:
        return Found([], None, None, "Not enough data: nobody had ordered by the end of calibration.")
    tell(f"Fitting to {observed.histories.customers:,} customers")
    return Found(compare(observed, asked.models, asked.horizon_days / reading.WEEK), between, chosen)


def _keep(job: Job, asked: Asked, found: Found) -> None:
    with transaction.atomic():
        # Of two workers on one job the second finds it over.
        locked = Job.objects.select_for_update(no_key=True).get(pk=job.pk)
        if locked.status != Job.Status.RUNNING:
            return
        at = now()
        ids: list[UUID] = []
        if found.period is not None and found.basis is not None:
            of = Circumstances(
                calibration_from=found.period.calibration_from,
                calibration_end=found.period.calibration_end,
                holdout_end=found.period.holdout_end,
                horizon_days=asked.horizon_days,
                basis=found.basis.name,
                filter=job.parameters["filter"],
                job_id=job.pk,
            )
            ids = fitted_models.keep(found.candidates, of, at=at)
        jobs.finish(job_id=job.pk, result=_result(found, ids), at=at, message=found.why or "Done.")


def _result(found: Found, ids: list[UUID]) -> dict[str, Any]:
    """The rows' ids, the chosen methods, and the holdout by repeats: what happened beside what each foretold."""
    table: dict[Any, dict[str, Any]] = {}
    for candidate in found.candidates:
        for row in candidate.table:
            line = table.setdefault(row["repeats"], {name: row[name] for name in ("repeats", "customers", "actual")})
            line[candidate.name] = row["expected"]
    return {
        "models": [str(key) for key in ids],
        "chosen": {candidate.kind: candidate.name for candidate in found.candidates if candidate.chosen},
        "calibration_end": found.period and found.period.calibration_end.isoformat(),
        "holdout_end": found.period and found.period.holdout_end.isoformat(),
        "holdout_table": list(table.values()),
        "message": found.why or None,
    }
