"""Signing in, and the business at a glance."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.browser.people import PASSWORD, WINDOWS, person
from tests.crm import make

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def business(transactional_db: None) -> None:
    cache.clear()
    make.pipeline(AT)
    firm = make.company(AT, name="Acme")
    for number in range(3):
        who = make.contact(AT, last_name=f"Alder {number}", source="fair", company_id=str(firm.pk))
        make.deal(AT, name=f"Tea {number}", amount="1200.50", contact_id=str(who.pk))
        make.order(AT, contact_id=str(who.pk), lines=[{"description": "Tea", "unit_price": "40"}])


def test_somebody_signs_in(at_page: Watched) -> None:
    person("administrator")
    at_page.open("/admin/")
    at_page.page.fill("[name=login]", "administrator@example.com")
    at_page.page.fill("[name=password]", PASSWORD)
    at_page.page.click("button[type=submit]")
    expect(at_page.page).to_have_title("Home | Bifocal")


@pytest.mark.parametrize("context", WINDOWS.values(), ids=list(WINDOWS), indirect=True)
def test_the_home_page_draws_its_charts(admin_page: Watched) -> None:
    page = admin_page.page
    admin_page.open("/admin/")
    expect(page.locator("#card-glance dd").first).to_have_text("3")
    expect(page.locator("#card-pipeline svg")).to_be_visible()
    page.locator("#card-pipeline summary").click()
    expect(page.locator("#card-pipeline td")).to_have_text(["3,601.50"])
    expect(page.get_by_text("Loading")).to_have_count(0)
    expect(page.locator("#card-revenue")).to_contain_text("not been computed yet")
    assert admin_page.overflow <= 0


def test_search_leads_to_a_record(admin_page: Watched) -> None:
    page = admin_page.page
    admin_page.open("/admin/")
    page.keyboard.press("Control+k")
    page.locator("#search-input-command").press_sequentially("alder 1")
    page.locator("#command-results-list a", has_text="Alder 1").click()
    expect(page.locator(".bf-name")).to_have_text("Alder 1")
