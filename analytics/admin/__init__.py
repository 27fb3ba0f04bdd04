"""Analytics in the admin."""

from analytics.admin import home, metrics

__all__ = ["home", "metrics"]
