"""Analytics in the admin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpRequest
from django.test import Client

from analytics.services import computation, recompute
from core.actors import SYSTEM, Actor, Door
from core.admin import actors
from core.models.job import Job
from tests.analytics.support import contact, order
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, tzinfo=UTC)
LIST = "/admin/analytics/metricrun/"


class Who:
    """The actor behind every request of a test."""

    actor: Actor = SYSTEM


def authenticate(request: HttpRequest, door: Door) -> Actor:
    return Who.actor.through(door)


@pytest.fixture
def browser(settings: Any, monkeypatch: pytest.MonkeyPatch, django_user_model: Any) -> Iterator[Client]:
    """Somebody signed in to the admin."""
    monkeypatch.setattr(recompute, "send", list[UUID]().append)
    settings.BIFOCAL_PAGE_AUTHENTICATOR = f"{__name__}.authenticate"
    actors._finder.cache_clear()
    Who.actor = clerk("metric_run", "contact_metrics", "contact", "analytics", actions=("view", "recompute"))
    client = Client()
    user = django_user_model.objects.create(email="analyst@example.com", is_staff=True, is_superuser=True)
    client.force_login(user, backend="accounts.backends.AccountBackend")
    yield client
    # The next test's admin is not ours.
    actors._finder.cache_clear()


def test_what_was_found_stands_above_the_runs(browser: Client) -> None:
    page = browser.get(LIST)
    assert page.status_code == 200
    assert b"has not been computed yet" in page.content
    for place in range(1, 7):
        order(contact(last_name="Smith"), AT - timedelta(days=place), 10 * place)
    job = recompute.request(actor=SYSTEM, at=AT)
    waiting = browser.get(LIST)
    assert b"Waiting for a worker" in waiting.content
    assert waiting["Refresh"] == "2"
    computation.carry_out(job_id=job.pk)
    page = browser.get(LIST)
    assert "Refresh" not in page
    assert b"210.00 USD" in page.content
    assert b"110.00 USD of it" in page.content
    assert b"Recompute now" in page.content
    metrics = browser.get("/admin/analytics/contactmetrics/?q=smith")
    assert metrics.content.count(b"Smith") >= 6


def test_the_button_asks_and_needs_the_grant(browser: Client) -> None:
    assert browser.get(f"{LIST}recompute/").status_code == 405
    assert browser.post(f"{LIST}recompute/").status_code == 302
    assert Job.objects.get().kind == "recompute"
    Job.objects.all().delete()
    Who.actor = clerk("metric_run", "analytics", actions=("view",))
    assert b"Recompute now" not in browser.get(LIST).content
    browser.post(f"{LIST}recompute/")
    assert not Job.objects.exists()
