"""Two runs of one definition beside each other: what differs between two moments, parameters, or versions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.module_loading import import_string

from analytics import steps
from analytics.errors import ResultNotKept
from analytics.models import MetricResult, MetricRun
from core.actors import Actor
from core.errors import Invalid, NotFound

# By its name: only who compares tables of all contacts loads the engine.
COMPARE_TABLES = "analytics.engine.comparing.compare"
MOST_DIFFERENCES = 1000

Row = Mapping[str, Any]


def compare(*, actor: Actor, at: datetime, record_id: UUID, other: UUID) -> dict[str, Any]:
    """How the run `other` differs from this one. Raises NotFound, Invalid, or ResultNotKept.

    Answers counts of rows added, removed and changed from this run to the other, how often each column differs and,
    of reports, each row that does.
    """
    actor.require("analytics", "view")
    first, second = _run(actor, record_id, "/id"), _run(actor, other, "/other")
    if first.definition != second.definition:
        raise Invalid.one("/other", "not_comparable", f"Is a run of {second.definition}, not of {first.definition}.")
    found = _reports(first, second) if _is_report(first) else _tables(first, second)
    return {
        "definition": first.definition,
        "run": _described(first),
        "other": _described(second),
        "same_version": first.definition_version == second.definition_version,
        "same_parameters": first.parameters == second.parameters,
        **found,
    }


def _run(actor: Actor, run_id: UUID, pointer: str) -> MetricRun:
    run = MetricRun.objects.filter(pk=run_id).visible_to(actor).alive().first()
    if run is None:
        raise NotFound(entity="metric_run", id=str(run_id))
    assert isinstance(run, MetricRun)  # noqa: S101 - for the type checker
    if run.status != MetricRun.Status.SUCCEEDED:
        raise Invalid.one(pointer, "not_succeeded", "Only a run that succeeded has a result.")
    return run


def _described(run: MetricRun) -> dict[str, Any]:
    return {
        "run_id": str(run.pk),
        "as_of": run.as_of.isoformat(),
        "definition_version": run.definition_version,
        "lake_synced_at": run.lake_synced_at.isoformat() if run.lake_synced_at else None,
        "is_live": run.is_live,
        "parameters": run.parameters,
        "rows": run.rows,
    }


def _is_report(run: MetricRun) -> bool:
    return MetricResult.objects.filter(run=run).exists()


def _reports(first: MetricRun, second: MetricRun) -> dict[str, Any]:
    before, after = _by_key(first), _by_key(second)
    changed = [key for key in before if key in after and before[key] != after[key]]
    names = sorted({name for row in (*before.values(), *after.values()) for name in row})
    differing = [key for key in before | after if before.get(key) != after.get(key)]
    return {
        "added": sum(key not in before for key in after),
        "removed": sum(key not in after for key in before),
        "changed": len(changed),
        "columns": [_column(name, before, after) for name in names],
        "differences": [{"before": before.get(key), "after": after.get(key)} for key in differing[:MOST_DIFFERENCES]],
    }


def _by_key(run: MetricRun) -> dict[tuple[Any, ...], Row]:
    rows: list[Row] = run.result.rows
    key = steps.get(run.definition).key if run.definition in steps.names() else ()
    return {tuple(row.get(name) for name in key) if key else (place,): row for place, row in enumerate(rows)}


def _column(name: str, before: Mapping[Any, Row], after: Mapping[Any, Row]) -> dict[str, Any]:
    both = before.keys() & after.keys()
    return {
        "name": name,
        "changed": sum(before[key].get(name) != after[key].get(name) for key in both),
        "total_before": _total(before, name),
        "total_after": _total(after, name),
    }


def _total(rows: Mapping[Any, Row], name: str) -> str | None:
    """The sum of numbers; None where the column holds something else."""
    values = [row.get(name) for row in rows.values() if row.get(name) is not None]
    if not values or not all(isinstance(value, int | float | str) and not isinstance(value, bool) for value in values):
        return None
    try:
        return str(sum(Decimal(str(value)) for value in values))
    except ArithmeticError:
        return None


def _tables(first: MetricRun, second: MetricRun) -> dict[str, Any]:
    """Of tables of all contacts, whose files are kept for a while."""
    found = import_string(COMPARE_TABLES)(first.definition, str(first.job_id), str(second.job_id))
    if found is None:
        raise ResultNotKept(definition=first.definition)
    return {**found, "differences": []}
