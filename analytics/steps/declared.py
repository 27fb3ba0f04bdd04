"""The models that a recomputation fits and applies, beside the definitions in SQL."""

from __future__ import annotations

from analytics.steps.models import Model

MODELS: tuple[Model, ...] = (
    Model(
        name="attribution",
        reads=("attribution_journeys", "attribution_touches"),
        window="touches within attribution_days before each order",
        key=("conversion", "dimension", "kind", "key"),
        run="analytics.attribution.step.run",
        code=("analytics/attribution",),
        is_report=True,
    ),
)
