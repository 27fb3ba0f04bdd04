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
    Model(
        name="recommendation_fits",
        reads=("contacts", "orders", "order_lines", "products"),
        window="orders up to as_of, judged on the last 30 days",
        key=("kind", "name"),
        run="analytics.recommending.step.run_fits",
        code=("analytics/recommending",),
        is_report=True,
    ),
    Model(
        name="recommendations",
        reads=("contacts", "orders", "order_lines", "products", "purchase_rhythm", "recommendation_fits"),
        window="all orders up to as_of",
        key=("contact_id", "rank"),
        run="analytics.recommending.step.run",
        code=("analytics/recommending",),
    ),
    Model(
        name="lifetime_models",
        reads=("purchase_histories",),
        window="all orders up to as_of; the last third of the time is the holdout",
        key=("phase", "place"),
        run="analytics.lifetime.models_step.run",
        code=("analytics/lifetime",),
    ),
    Model(
        name="lifetime_values",
        reads=("contacts", "customer_metrics", "lifetime_models", "purchase_histories"),
        window="all orders up to as_of",
        key=("contact_id",),
        run="analytics.lifetime.values_step.run",
        code=("analytics/lifetime", "analytics/lifetime/lifetime_values.sql"),
    ),
    Model(
        name="retention_worths",
        reads=("order_margins",),
        window="all orders up to as_of",
        key=("contact_id",),
        run="analytics.investment.step.run",
        code=("analytics/investment/chain.py", "analytics/investment/step.py"),
    ),
)
