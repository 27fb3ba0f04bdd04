"""The models that a recomputation fits and applies, beside the definitions in SQL."""

from __future__ import annotations

from analytics.steps.models import Model

MODELS: tuple[Model, ...] = ()
