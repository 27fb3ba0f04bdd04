"""Fitted models as an entity, and the call that fits them on request."""

from __future__ import annotations

from typing import Any

from analytics.lifetime.names import NAMES
from analytics.models import FittedModel
from analytics.services import model_requests
from core.criteria.types import Criteria
from core.jobs.shapes import STARTED
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, ListOf, one
from core.registry.operations import Operation
from core.registry.types import Choice, Date, Integer, Number

_READ_ONLY: dict[str, Any] = {"writable": False, "required": False}
_ORDERED: dict[str, Any] = {**_READ_ONLY, "sortable": True}
_WHOLE: dict[str, Any] = {**_READ_ONLY, "filterable": False}
_COUNT = Integer(minimum=0)

FITTED_MODEL = Entity(
    name="fitted_model",
    plural="analytics/models",
    model=FittedModel,
    doc="A model that was fitted: its parameters, how well it foretold what it had not seen, and whether it is used.",
    fields=(
        field(FittedModel, "id", nullable=False, **_ORDERED),
        field(FittedModel, "name", groupable=True, **_ORDERED),
        field(FittedModel, "kind", groupable=True, **_ORDERED),
        field(FittedModel, "parameters", **_WHOLE),
        field(FittedModel, "standard_errors", **_WHOLE),
        field(FittedModel, "log_likelihood", type=Number(), **_ORDERED),
        field(FittedModel, "calibration_from", **_READ_ONLY),
        field(FittedModel, "calibration_end", **_ORDERED),
        field(FittedModel, "holdout_end", **_ORDERED),
        field(FittedModel, "horizon_days", type=_COUNT, **_READ_ONLY),
        field(FittedModel, "customers", type=_COUNT, **_ORDERED),
        field(FittedModel, "repeat_customers", type=_COUNT, **_READ_ONLY),
        field(FittedModel, "rmse", type=Number(), **_ORDERED),
        field(FittedModel, "errors", **_WHOLE),
        field(FittedModel, "holdout_table", **_WHOLE),
        field(FittedModel, "expected_purchases", **_WHOLE),
        field(FittedModel, "population_mean", type=Number(), **_READ_ONLY),
        field(FittedModel, "basis", groupable=True, **_READ_ONLY),
        field(FittedModel, "converged", groupable=True, **_READ_ONLY),
        field(FittedModel, "chosen", groupable=True, **_READ_ONLY),
        field(FittedModel, "message", **_READ_ONLY),
        field(FittedModel, "filter", **_WHOLE),
        field(FittedModel, "fitted_at", **_ORDERED),
        field(FittedModel, "run_id", reference="metric_run", **_READ_ONLY),
        field(FittedModel, "job_id", reference="job", **_READ_ONLY),
        field(FittedModel, "created_at", **_READ_ONLY),
        field(FittedModel, "updated_at", **_READ_ONLY),
        field(FittedModel, "version", **_READ_ONLY),
    ),
    relations=(
        one("run", "metric_run", doc="The run it was a part of."),
        one("job", "job", doc="The work that did it."),
    ),
    verbs=frozenset(),
    keys=(),
    time_field="fitted_at",
    identity="name",
)

FIT_MODELS = Operation(
    name="fit_models",
    path="analytics/models",
    run=model_requests.ask,
    entity="analytics",
    action="recompute",
    input=(
        Field("filter", Criteria(), "Which contacts: criteria; all that you see if not given."),
        Field(
            "calibration_end", Date(), "The last day to fit to, itself included; two thirds of the time if not given."
        ),
        Field("holdout_end", Date(), "The last day to hold the models to; the last purchase if not given."),
        Field("models", ListOf(Choice(options=NAMES)), "Which models to fit; all if not given."),
        Field("horizon_days", Integer(minimum=1, maximum=3660), "How far expected purchases look; 365 if not given."),
    ),
    output=STARTED,
    status=202,
    doc="Fit models of lifetime value to the contacts that criteria find, as a job; what it found is listed here.",
    tags=("analytics",),
)
