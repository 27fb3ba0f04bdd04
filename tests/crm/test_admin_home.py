"""The home page of the admin: which widgets a person finds there, and that they count what the person sees."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role, User, UserRole
from core.actors import SYSTEM
from crm.models import Pipeline
from crm.selectors import figures
from crm.services.deals import deals
from tests.crm import make
from tests.support.actors import clerk

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_cache")]

WIDGETS = ("glance", "pipeline", "closed", "sources")
MOST_QUERIES = 8


def person(role: str | None, **values: Any) -> User:
    made = User.objects.create_user(email=f"{role or 'nobody'}@example.com", name="X", is_staff=True, **values)
    if role:
        UserRole.objects.create(user=made, role=Role.objects.get(key=role))
    return made


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.AccountBackend")
    return client


def address(key: str) -> str:
    return reverse("admin_home_widget", args=[key])


def figure(client: Client, label: str) -> str:
    shown = client.get(address("glance")).context["figures"]
    return next(str(item["value"]) for item in shown if item["label"] == label)


def test_the_page_holds_the_widgets_that_roles_grant() -> None:
    everything = browser(person("administrator")).get(reverse("admin:index")).content.decode()
    assert all(address(key) in everything for key in (*WIDGETS, "revenue", "best-fifth", "segments", "freshness"))
    service = browser(person("service"))
    page = service.get(reverse("admin:index")).content.decode()
    assert address("glance") in page
    assert address("pipeline") not in page
    assert service.get(address("pipeline")).status_code == 404
    assert service.get(address("nothing")).status_code == 404
    assert "Nothing to see yet" in browser(person(None)).get(reverse("admin:index")).content.decode()


def test_strangers_are_asked_to_sign_in() -> None:
    for key in WIDGETS:
        answer = Client().get(address(key))
        assert (answer.status_code, "login" in answer["Location"]) == (302, True)


def test_counts_end_where_sight_ends(at: datetime, pipeline: Pipeline) -> None:
    seller = person("sales")
    make.contact(at, last_name="Mine", owner_id=str(seller.pk))
    make.contact(at, last_name="Other")
    make.deal(at, owner_id=str(seller.pk), amount="10")
    make.deal(at, amount="90")
    assert figure(browser(seller), "Contacts") == "1"
    assert figure(browser(person("administrator")), "Contacts") == "2"
    chart = browser(seller).get(address("pipeline")).context["chart"]
    assert chart["series"] == [{"name": "USD", "values": ["10.00"]}]


def test_what_was_kept_is_not_shown_once_the_grant_is_gone(at: datetime) -> None:
    seller = person("manager")
    make.contact(at, last_name="Mine", owner_id=str(seller.pk))
    client = browser(seller)
    assert figure(client, "Contacts") == "1"
    UserRole.objects.filter(user=seller).delete()
    assert client.get(address("glance")).status_code == 404
    UserRole.objects.create(user=seller, role=Role.objects.get(key="administrator"))
    make.contact(at, last_name="Other")
    assert figure(client, "Contacts") == "2"


def test_a_widget_is_kept_for_a_moment_and_costs_few_queries(at: datetime, pipeline: Pipeline) -> None:
    client = browser(person("administrator"))
    make.deal(at, amount="10")
    for key in WIDGETS:
        with CaptureQueriesContext(connection) as first:
            assert client.get(address(key)).status_code == 200
        with CaptureQueriesContext(connection) as again:
            client.get(address(key))
        assert len(first) <= MOST_QUERIES + 3, key
        assert len(again) <= 3, (key, [item["sql"] for item in again])


def test_open_deals_are_added_by_stage_and_currency(at: datetime, pipeline: Pipeline) -> None:
    offer = str(make.stage(pipeline, "Offer").pk)
    for amount, currency in (("10", "USD"), ("5", "EUR"), (None, "USD")):
        make.deal(at, amount=amount, currency=currency)
    make.deal(at, amount="7.50", stage_id=offer)
    deals.delete(actor=SYSTEM, record_id=make.deal(at, amount="99").pk, at=at)
    deals.win(actor=SYSTEM, record_id=make.deal(at, amount="88").pk, at=at)
    rows = [tuple(row.values()) for row in figures.open_pipeline(actor=SYSTEM)]
    assert [(row[1], row[3], row[4], str(row[5])) for row in rows] == [
        ("Talking", "EUR", 1, "5.00"),
        ("Talking", "USD", 2, "10.00"),
        ("Offer", "USD", 1, "7.50"),
    ]


def test_closed_deals_are_counted_in_the_year_up_to_the_last(at: datetime, pipeline: Pipeline) -> None:
    assert figures.closed_by_month(actor=SYSTEM, at=at) == []
    for days in (0, 40, 300, 400):
        made = make.deal(at, opened_at=(at - timedelta(days=500)).isoformat())
        deals.win(actor=SYSTEM, record_id=made.pk, at=at, closed_at=at - timedelta(days=days))
    later = at + timedelta(days=1000)
    rows = figures.closed_by_month(actor=SYSTEM, at=later)
    assert [(row["month"].strftime("%Y-%m"), row["status"], row["deals"]) for row in rows] == [
        ("2025-05", "won", 1),
        ("2026-01", "won", 1),
        ("2026-03", "won", 1),
    ]
    assert figures.closed_by_month(actor=clerk("deal", visibility="own"), at=later) == []  # type: ignore[arg-type]
