"""Charts as files: SVG, PNG, or the data they are drawn from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from django.utils.module_loading import import_string

from analytics.errors import NothingToDraw
from analytics.selectors.charts import CHARTS
from core.actors import Actor
from core.registry.types import Attachment

# By its name: a process that never draws loads no engine for it.
DRAWING = "core.charts"
MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png", "json": "application/json"}
WIDTH, HEIGHT = 960, 480


def chart(
    *,
    actor: Actor,
    at: datetime,
    name: str,
    format: str | None = None,
    theme: str | None = None,
    width: int | None = None,
    height: int | None = None,
    as_of: datetime | None = None,
) -> Attachment:
    """A chart of the last results, or of the last that look back from no later than `as_of`.

    Raises Forbidden, NotComputedYet, and NothingToDraw where the results have nothing to show.
    """
    chosen = CHARTS[name]
    actor.require(*chosen.needs)
    data = chosen.build(actor=actor, at=at, as_of=as_of)
    if data is None:
        raise NothingToDraw(chart=name)
    kind = format or "svg"
    content = orjson.dumps(data) if kind == "json" else _drawn(kind, data, theme, width or WIDTH, height or HEIGHT)
    return Attachment(f"{name}.{kind}", MEDIA_TYPES[kind], lambda: [content], len(content))


def _drawn(kind: str, data: dict[str, Any], theme: str | None, width: int, height: int) -> bytes:
    drawing = import_string(f"{DRAWING}.{kind}")
    found = drawing(data, width=width, height=height, theme=import_string(f"{DRAWING}.Theme")(theme or "light"))
    return found if isinstance(found, bytes) else str(found).encode()
