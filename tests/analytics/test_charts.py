"""Charts as files over both doors, and the dashboard that shows the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from analytics.errors import NotComputedYet, NothingToDraw
from analytics.selectors import pictures
from analytics.selectors.charts import CHARTS
from analytics.services import computation, recompute
from core.actors import ANONYMOUS, SYSTEM
from core.errors import NotAuthenticated
from tests.analytics.support import contact, order

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recompute, "send", lambda job_id: None)
    for place in range(1, 9):
        who = contact(source="banner")
        for turn in range(place % 4 + 1):
            order(who, AT - timedelta(days=20 * turn + place), 10 * place)
    job = recompute.request(actor=SYSTEM, at=AT, as_of=AT)
    assert computation.carry_out(job_id=job.pk)


def _content(**asked: Any) -> bytes:
    return b"".join(pictures.chart(actor=SYSTEM, at=AT, **asked).chunks())


@pytest.mark.usefixtures("computed")
def test_every_chart_is_drawn_or_says_that_there_is_nothing() -> None:
    drawn = set()
    for name in CHARTS:
        try:
            found = pictures.chart(actor=SYSTEM, at=AT, name=name)
        except NothingToDraw:
            continue
        assert (found.name, found.media_type) == (f"{name}.svg", "image/svg+xml")
        assert b"".join(found.chunks()).startswith(b"<svg")
        drawn.add(name)
    assert drawn >= {"revenue", "rfm_segments", "whale_curve", "cohort_retention", "cohort_revenue", "lifecycle_stages"}


@pytest.mark.usefixtures("computed")
def test_what_is_drawn_are_the_figures_of_the_answers() -> None:
    found = orjson.loads(_content(name="whale_curve", format="json"))
    revenue = next(line for line in found["series"] if line["name"] == "Revenue")
    assert revenue["points"][0] == [0, 0]
    assert revenue["points"][-1] == [1, 1]
    triangle = orjson.loads(_content(name="cohort_retention", format="json"))
    assert {cell[2] for cell in triangle["cells"] if cell[0] == 0} == {1.0}


@pytest.mark.usefixtures("computed")
def test_a_png_in_the_size_and_theme_asked_for() -> None:
    found = _content(name="rfm_segments", format="png", theme="dark", width=400, height=200)
    assert (int.from_bytes(found[16:20]), int.from_bytes(found[20:24])) == (800, 400)


def test_before_the_first_computation_and_without_grants() -> None:
    with pytest.raises(NotComputedYet):
        pictures.chart(actor=SYSTEM, at=AT, name="rfm_segments")
    with pytest.raises(NotAuthenticated):
        pictures.chart(actor=ANONYMOUS, at=AT, name="rfm_segments")
