"""The dashboard of analytics in a browser: every chart is drawn, in both themes, narrow and wide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from playwright.sync_api import expect

from analytics.services import computation, recompute
from core.actors import SYSTEM
from tests.analytics.support import contact, order
from tests.browser.conftest import Watched
from tests.browser.people import WINDOWS

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, tzinfo=UTC)
DRAWN = ("revenue", "rfm-segments", "whale-curve", "cohort-retention", "cohort-revenue", "lifecycle-stages")


@pytest.fixture(autouse=True)
def computed(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(recompute, "send", lambda job_id: None)
    for place in range(1, 9):
        who = contact(source="banner")
        for turn in range(place % 4 + 1):
            order(who, AT - timedelta(days=20 * turn + place), 10 * place)
    job = recompute.request(actor=SYSTEM, at=AT, as_of=AT)
    assert computation.carry_out(job_id=job.pk)


@pytest.mark.parametrize("context", WINDOWS.values(), ids=list(WINDOWS), indirect=True)
def test_every_chart_is_drawn(admin_page: Watched) -> None:
    page = admin_page.page
    admin_page.open("/admin/analytics/metricrun/dashboard/")
    expect(page).to_have_title("Analytics at a glance | Bifocal")
    for name in DRAWN:
        expect(page.locator(f"#card-chart-{name} svg").first).to_be_visible()
    expect(page.get_by_text("Loading")).to_have_count(0)
    page.locator("#card-chart-cohort-retention summary").click()
    expect(page.locator("#card-chart-cohort-retention tbody tr").first).to_contain_text("2025")
    assert admin_page.overflow <= 0
