"""Records in the browser: made, changed, looked at, moved on a board."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Position, expect

from crm.models import Contact, Deal, Pipeline
from tests.browser.conftest import Watched
from tests.browser.people import WINDOWS
from tests.crm import make

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Where a card is taken hold of.
TOP: Position = {"x": 30, "y": 6}


@pytest.fixture
def pipeline(transactional_db: None) -> Pipeline:
    return make.pipeline(AT)


def test_a_contact_is_made_and_changed(admin_page: Watched) -> None:
    page = admin_page.page
    admin_page.open("/admin/crm/contact/add/")
    page.fill("[name=first_name]", "Ada")
    page.fill("[name=last_name]", "Alder")
    page.fill("[name=email]", "not an address")
    page.click("[name=_continue]")
    expect(page.get_by_text("Enter a valid email address.")).to_be_visible()
    assert not Contact.objects.exists()
    page.fill("[name=email]", "ada@example.com")
    page.click("[name=_continue]")
    expect(page.locator(".bf-name")).to_have_text("Ada Alder")
    page.fill("[name=job_title]", "Buyer")
    page.click("[name=_continue]")
    expect(page.locator("[name=job_title]")).to_have_value("Buyer")
    page.get_by_role("tab", name="History").click()
    expect(page.locator("#panel-history")).to_contain_text("Buyer")
    assert Contact.objects.get().job_title == "Buyer"


def test_a_deal_is_dragged_and_sent_by_the_keyboard(admin_page: Watched, pipeline: Pipeline) -> None:
    deal = make.deal(AT, name="Tea for all", amount="100")
    page, talking, offer = admin_page.page, make.stage(pipeline, "Talking"), make.stage(pipeline, "Offer")
    admin_page.open("/admin/crm/deal/board/")
    card = f'[data-deal="{deal.pk}"]'
    page.drag_and_drop(card, f"#stage-{offer.pk}", source_position=TOP)
    expect(page.locator(f"#stage-{offer.pk} {card}")).to_be_visible()
    expect(page.locator(f"#stage-{talking.pk}")).to_contain_text("No deals.")
    expect(page.locator(f"#stage-{offer.pk} .bf-column-head")).to_contain_text("100.00 USD")
    assert Deal.objects.get().stage_id == offer.pk
    won = make.stage(pipeline, "Won")
    page.get_by_label("Move Tea for all to").select_option(str(won.pk))
    expect(page.locator(f"#stage-{won.pk} {card}")).to_be_visible()
    expect(page.locator(card)).to_be_focused()
    assert Deal.objects.get().status == "won"


def test_a_refused_move_says_why(admin_page: Watched, pipeline: Pipeline) -> None:
    deal = make.deal(AT, name="Tea")
    page, offer = admin_page.page, make.stage(pipeline, "Offer")
    admin_page.open("/admin/crm/deal/board/")
    admin_page.allowed = {404}
    Deal.objects.filter(pk=deal.pk).update(deleted_at=AT)
    page.drag_and_drop(f'[data-deal="{deal.pk}"]', f"#stage-{offer.pk}", source_position=TOP)
    expect(page.get_by_role("status")).to_contain_text("There is no such record")
    expect(page.locator(f'[data-deal="{deal.pk}"]')).to_have_count(0)


def test_a_deal_is_lost_by_its_form(admin_page: Watched, pipeline: Pipeline) -> None:
    deal = make.deal(AT, name="Tea")
    page = admin_page.page
    admin_page.open(f"/admin/crm/deal/{deal.pk}/change/")
    page.get_by_role("link", name="Lose").click()
    page.get_by_label("Lost reason").fill("Price")
    page.get_by_role("button", name="Lose").click()
    expect(page.locator(".bf-badge").first).to_have_text("Lost")
    assert Deal.objects.get().lost_reason == "Price"


@pytest.mark.parametrize("context", WINDOWS.values(), ids=list(WINDOWS), indirect=True)
def test_pages_fit_their_window(admin_page: Watched, pipeline: Pipeline) -> None:
    firm = make.company(AT, name="Acme & Sons " * 6)
    who = make.contact(AT, last_name="Alder", email="a.very.long.address.of.somebody@a-long-domain.example.com")
    deal = make.deal(AT, name="Tea " * 20, contact_id=str(who.pk), company_id=str(firm.pk), amount="123456789.50")
    order = make.order(AT, contact_id=str(who.pk), lines=[{"description": "Tea " * 20, "unit_price": "40"}])
    addresses = [
        "/admin/crm/contact/",
        f"/admin/crm/contact/{who.pk}/change/",
        f"/admin/crm/company/{firm.pk}/change/",
        f"/admin/crm/deal/{deal.pk}/change/",
        f"/admin/crm/deal/{deal.pk}/do/win_deal/",
        f"/admin/crm/order/{order.pk}/change/",
        "/admin/crm/deal/board/",
        "/admin/core/job/",
        "/admin/accounts/role/add/",
        "/admin/accounts/apikey/add/",
    ]
    for address in addresses:
        admin_page.open(address)
        expect(admin_page.page.locator(".bf-panel:not([hidden])", has_text="Loading")).to_have_count(0)
        assert admin_page.overflow <= 0, address
