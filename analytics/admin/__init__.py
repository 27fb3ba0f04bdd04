"""Analytics in the admin."""

from analytics.admin import cost_model, home, metrics, models, segments, tier

__all__ = ["cost_model", "home", "metrics", "models", "segments", "tier"]
