"""Deals on a board: what it shows, and that cards move by the services, refusals included."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role, User, UserRole
from core.actors import SYSTEM
from crm.models import Contact, Deal, Pipeline, StageChange
from crm.selectors import boards
from crm.services.deals import deals
from tests.crm import make

pytestmark = pytest.mark.django_db

BOARD = "/admin/crm/deal/board/"


def person(role: str) -> User:
    made = User.objects.create_user(email=f"{role}@example.com", name=role, is_staff=True)
    UserRole.objects.create(user=made, role=Role.objects.get(key=role))
    return made


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.AccountBackend")
    return client


@pytest.fixture
def client() -> Client:
    return browser(person("administrator"))


def move(client: Client, deal: Deal, pipeline: Pipeline, stage: str, **values: Any) -> tuple[int, dict[str, Any]]:
    address = reverse("admin:crm_deal_board_move", args=[deal.pk, make.stage(pipeline, stage).pk])
    answer = client.post(address, values)
    return answer.status_code, answer.json()


def test_columns_hold_their_deals_and_sums(at: datetime, client: Client, pipeline: Pipeline) -> None:
    for amount, currency in (("10.50", "USD"), ("5", "USD"), ("7", "EUR"), (None, "USD")):
        make.deal(at, name=f"Tea {amount}", amount=amount, currency=currency)
    deals.delete(actor=SYSTEM, record_id=make.deal(at, name="Gone").pk, at=at)
    columns = client.get(BOARD).context["columns"]
    assert [column.stage.name for column in columns] == ["Talking", "Offer", "Won", "Lost"]
    assert columns[0].deals == 4
    assert [(str(amount), currency) for amount, currency in columns[0].sums] == [("7.00", "EUR"), ("15.50", "USD")]
    assert [card.name for card in columns[0].cards] == ["Tea None", "Tea 7", "Tea 5", "Tea 10.50"]
    assert columns[1].cards == []


def test_closed_columns_show_what_was_closed_lately(at: datetime, pipeline: Pipeline) -> None:
    opened = (at - timedelta(days=90)).isoformat()
    fresh, old = (make.deal(at, name=name, opened_at=opened) for name in ("Fresh", "Old"))
    deals.win(actor=SYSTEM, record_id=fresh.pk, at=at, closed_at=at - timedelta(days=3))
    deals.win(actor=SYSTEM, record_id=old.pk, at=at, closed_at=at - timedelta(days=60))
    (won,) = boards.columns([make.stage(pipeline, "Won")], actor=SYSTEM, at=at)
    assert ([card.name for card in won.cards], won.deals) == (["Fresh"], 1)


def test_a_card_goes_where_it_is_put(client: Client, at: datetime, pipeline: Pipeline) -> None:
    deal = make.deal(at, name="Tea", amount="10")
    for stage, status in (("Offer", "open"), ("Won", "won"), ("Talking", "open"), ("Lost", "lost")):
        assert move(client, deal, pipeline, stage, lost_reason="Price")[0] == 200
        deal.refresh_from_db()
        assert (deal.stage.name, deal.status) == (stage, status)
    assert deal.lost_reason == "Price"
    assert StageChange.objects.filter(deal=deal).count() == 5


def test_a_refusal_says_why_and_changes_nothing(client: Client, at: datetime, pipeline: Pipeline) -> None:
    deal = make.deal(at)
    deals.win(actor=SYSTEM, record_id=deal.pk, at=at)
    status, told = move(client, deal, pipeline, "Lost")
    assert (status, told["code"]) == (409, "deal_already_closed")
    assert told["detail"]
    elsewhere = make.pipeline(at, "Other")
    status, told = move(client, make.deal(at, pipeline_id=str(pipeline.pk)), elsewhere, "Offer")
    assert (status, told["detail"]) == (422, "There is no such stage in the deal's pipeline.")
    assert (
        client.post(reverse("admin:crm_deal_board_move", args=[uuid4(), make.stage(pipeline, "Won").pk])).status_code
        == 404
    )
    assert client.get(reverse("admin:crm_deal_board_move", args=[deal.pk, deal.stage_id])).status_code == 405
    deal.refresh_from_db()
    assert (deal.status, StageChange.objects.filter(deal=deal).count()) == ("won", 2)


def test_who_moves_what(at: datetime, pipeline: Pipeline, contact: Contact) -> None:
    seller = person("sales")
    mine, other = make.deal(at, name="Mine", owner_id=str(seller.pk)), make.deal(at, name="Others")
    client = browser(seller)
    body = client.get(BOARD).content.decode()
    assert "Mine" in body
    assert "Others" not in body
    assert move(client, mine, pipeline, "Offer")[0] == 200
    assert move(client, other, pipeline, "Offer")[0] == 404
    analyst = browser(person("analyst"))
    page = analyst.get(BOARD)
    assert page.context["targets"] == []
    assert b'draggable="true"' not in page.content
    assert move(analyst, mine, pipeline, "Won")[0] == 403
    assert browser(person("service")).get(BOARD).status_code == 403
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.stage.name, other.stage.name) == ("Offer", "Talking")


def test_a_column_is_bounded_and_goes_on(client: Client, at: datetime, pipeline: Pipeline) -> None:
    names = {make.deal(at, name=f"Deal {number:03}").name for number in range(boards.CARDS + 5)}
    stage = make.stage(pipeline, "Talking")
    address = reverse("admin:crm_deal_board_column", args=[stage.pk])
    first = client.get(address).context["column"]
    second = client.get(address, {"after": str(first.next)}).context["column"]
    assert (len(first.cards), len(second.cards), second.next) == (boards.CARDS, 5, None)
    assert {card.name for card in (*first.cards, *second.cards)} == names
    assert client.get(address, {"after": "x"}).status_code == 404
    with CaptureQueriesContext(connection) as captured:
        client.get(BOARD)
    for number in range(30):
        firm = make.company(at, name=f"Firm {number}")
        make.deal(at, company_id=str(firm.pk), stage_id=str(make.stage(pipeline, "Offer").pk))
    with CaptureQueriesContext(connection) as more:
        client.get(BOARD)
    assert len(more) == len(captured) <= 12


def test_only_mine(at: datetime, pipeline: Pipeline) -> None:
    seller = person("administrator")
    make.deal(at, name="Mine", owner_id=str(seller.pk))
    make.deal(at, name="Others")
    columns = browser(seller).get(BOARD, {"mine": "1"}).context["columns"]
    assert [card.name for card in columns[0].cards] == ["Mine"]
