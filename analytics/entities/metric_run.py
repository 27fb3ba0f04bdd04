"""Runs as an entity: which computations were made, as of when, and what came of them; compared, and replayed."""

from __future__ import annotations

from typing import Any

from analytics.entities import shapes
from analytics.models import MetricRun
from analytics.selectors import comparison
from analytics.services import recompute
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, one
from core.registry.operations import Operation, OperationKind
from core.registry.types import Id, Integer

_READ_ONLY: dict[str, Any] = {"writable": False, "required": False}
_COUNT = Integer(minimum=0)
_ANALYTICS = ("analytics",)

METRIC_RUN = Entity(
    name="metric_run",
    plural="analytics/runs",
    model=MetricRun,
    doc="One computation of one step: a definition in SQL, or a model.",
    fields=(
        field(MetricRun, "id", nullable=False, sortable=True, **_READ_ONLY),
        field(MetricRun, "definition", groupable=True, **_READ_ONLY),
        field(MetricRun, "definition_version", **_READ_ONLY),
        field(MetricRun, "as_of", **_READ_ONLY),
        field(MetricRun, "window", **_READ_ONLY),
        field(MetricRun, "parameters", filterable=False, **_READ_ONLY),
        field(MetricRun, "is_live", groupable=True, **_READ_ONLY),
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

REPLAY = Operation(
    name="replay_metric_run",
    path="replay",
    run=recompute.ask_replay,
    entity="metric_run",
    action="view",
    on_record=True,
    output=shapes.JOB,
    status=202,
    doc="Compute everything again as this run was asked for: the same moment and parameters, over the facts and with "
    "the definitions of now. The results stand beside the live ones, which stay. Answers the job.",
    tags=_ANALYTICS,
)
COMPARE = Operation(
    name="compare_metric_run",
    path="comparison",
    run=comparison.compare,
    entity="metric_run",
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    on_record=True,
    input=(
        Field(
            "other",
            Id(),
            "The run to compare with.",
            required=True,
            nullable=False,
            stored=False,
            reference="metric_run",
        ),
    ),
    output=shapes.COMPARISON,
    doc="What differs from this run to another of the same definition.",
    tags=_ANALYTICS,
)
