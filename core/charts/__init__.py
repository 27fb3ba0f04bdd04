"""Charts: drawn on the server by what draws them in the browser."""

from core.charts.rendering import MAX_PIXELS, Theme, png, svg

__all__ = ["MAX_PIXELS", "Theme", "png", "svg"]
