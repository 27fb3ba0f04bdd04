"""The dashboard of analytics: every chart there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from analytics.selectors.charts import CHARTS, Chart
from core.actors import Actor
from core.admin import home
from core.admin.home import Widget

PAGE = home.page("analytics", "Analytics at a glance")
_HALF = frozenset({"rfm_segments", "whale_curve", "attribution", "model_errors"})


def _build(chart: Chart) -> Callable[..., dict[str, Any]]:
    def build(*, actor: Actor, at: datetime) -> dict[str, Any]:
        return {"chart": chart.build(actor=actor, at=at, as_of=None), "empty": "Nothing to draw yet."}

    return build


home.add(
    *(
        Widget(
            f"chart-{chart.key.replace('_', '-')}",
            chart.title,
            (("analytics", "view"), chart.needs),
            _build(chart),
            home.CHART,
            span=6 if chart.key in _HALF else 12,
            rank=place,
            page=PAGE,
        )
        for place, chart in enumerate(CHARTS.values())
    )
)
