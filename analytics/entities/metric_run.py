"""Runs as an entity: which computations were made, as of when, and what came of them."""

from __future__ import annotations

from typing import Any

from analytics.models import MetricRun
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import one
from core.registry.types import Integer

_READ_ONLY: dict[str, Any] = {"writable": False, "required": False}
_COUNT = Integer(minimum=0)

METRIC_RUN = Entity(
    name="metric_run",
    plural="analytics/runs",
    model=MetricRun,
    doc="One computation of one definition.",
    fields=(
        field(MetricRun, "id", nullable=False, sortable=True, **_READ_ONLY),
        field(MetricRun, "definition", groupable=True, **_READ_ONLY),
        field(MetricRun, "definition_version", **_READ_ONLY),
        field(MetricRun, "as_of", **_READ_ONLY),
        field(MetricRun, "window", **_READ_ONLY),
        field(MetricRun, "parameters", filterable=False, **_READ_ONLY),
        field(MetricRun, "status", groupable=True, **_READ_ONLY),
        field(MetricRun, "started_at", **_READ_ONLY),
        field(MetricRun, "finished_at", **_READ_ONLY),
        field(MetricRun, "lake_synced_at", **_READ_ONLY),
        field(MetricRun, "rows", type=_COUNT, **_READ_ONLY),
        field(MetricRun, "changed", type=_COUNT, **_READ_ONLY),
        field(MetricRun, "error", **_READ_ONLY),
        field(MetricRun, "job_id", reference="job", **_READ_ONLY),
        field(MetricRun, "created_at", **_READ_ONLY),
        field(MetricRun, "updated_at", **_READ_ONLY),
        field(MetricRun, "version", **_READ_ONLY),
    ),
    relations=(one("job", "job", doc="The work it was a part of."),),
    verbs=frozenset(),
    keys=(),
    time_field="started_at",
    identity="definition",
)
