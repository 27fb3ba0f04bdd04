"""What one contact's statement says is what the recomputation finds of everybody, and each line is its events."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from analytics.models import ContactMetrics, CostActivity, CostRate
from analytics.selectors import live_costs, profit
from analytics.selectors.live_costs import Question
from analytics.services import computation, recompute
from core.actors import SYSTEM
from crm.models import Case, Company, Contact, Interaction, Order, OrderLine, OrderReturn, Product, ProductLine, Touch
from tests.analytics.costing import world as plain
from tests.analytics.costing.random_worlds import random_world
from tests.analytics.costing.world import AS_OF, World

pytestmark = pytest.mark.django_db(transaction=True)


def uuid(key: str | None) -> UUID | None:
    """The same id for the same key, in the order of the keys of contacts."""
    return None if key is None else UUID(bytes=key.encode().ljust(16, b"\x00")[:16])


def store(world: World) -> None:
    """The company as records."""
    _store_rates(world)
    firm = Company.objects.create(name="Firm")
    for key in (*world.get("contacts"), "gone"):
        region = world.get("contacts").get(key, {}).get("region")
        Contact.objects.create(id=uuid(key), last_name=key, region=region, deleted_at=AS_OF if key == "gone" else None)
    for key in world.get("product_lines"):
        ProductLine.objects.create(id=uuid(key), name=key)
    for key, row in world.get("products").items():
        Product.objects.create(id=uuid(key), name=key, line_id=uuid(row["line_id"]))

    def whose(row: dict[str, Any]) -> dict[str, Any]:
        return {"contact_id": uuid(row["contact_id"]), "company": firm if row["contact_id"] is None else None}

    for key, row in world.get("orders").items():
        names = ("placed_at", "status", "channel", "currency", "subtotal", "discount_total", "total", "returned_total")
        Order.objects.create(id=uuid(key), number=key, **whose(row), **{name: row[name] for name in names})
    _store_lines(world)
    for key, row in world.get("cases").items():
        names = ("opened_at", "minutes", "priority", "channel")
        about = {"product_id": uuid(row["product_id"]), "number": key, "subject": key}
        Case.objects.create(id=uuid(key), **whose(row), **about, **{name: row[name] for name in names})
    for key, row in world.get("interactions").items():
        names = ("occurred_at", "channel", "direction", "minutes")
        about = {"case_id": uuid(row["case_id"])}
        Interaction.objects.create(id=uuid(key), **whose(row), **about, **{name: row[name] for name in names})
    for key, row in world.get("touches").items():
        names = ("occurred_at", "cost", "currency", "channel", "campaign_code")
        about = {
            "contact_id": uuid(row["contact_id"]),
            "source": "x",
            "anonymous_id": None if row["contact_id"] else key,
        }
        Touch.objects.create(id=uuid(key), **about, **{name: row[name] for name in names})


def _store_rates(world: World) -> None:
    CostActivity.objects.all().delete()
    for key, row in world.get("cost_activities").items():
        words = (row["channels"] or "").strip("\n").split("\n") if row["channels"] else []
        names = ("key", "driver", "statement_line", "is_active", "direction")
        CostActivity.objects.create(id=uuid(key), name=key, channels=words, **{name: row[name] for name in names})
    for row in world.rows["cost_rates"]:
        names = ("amount", "valid_from", "valid_to")
        CostRate.objects.create(activity_id=uuid(row["activity_id"]), **{name: row[name] for name in names})


def _store_lines(world: World) -> None:
    orders = world.get("orders")
    for key, row in world.get("order_lines").items():
        names = ("quantity", "returned_quantity", "unit_price", "unit_cost")
        OrderLine.objects.create(
            id=uuid(key), order_id=uuid(row["order_id"]), position=1, product_id=uuid(row["product_id"]),
            total=row["subtotal"], placed_at=orders[row["order_id"]]["placed_at"],
            **{name: row[name] for name in names},
        )  # fmt: skip
    for key, row in world.get("order_returns").items():
        about = {"order_id": uuid(row["order_id"]), "line_id": uuid(row["line_id"])}
        OrderReturn.objects.create(id=uuid(key), quantity=row["quantity"], amount=row["amount"], at=row["at"], **about)


def run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recompute, "send", list[UUID]().append)
    job = recompute.request(actor=SYSTEM, at=AS_OF)
    assert computation.carry_out(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == "succeeded", job.message


def every_event(contact: UUID, **options: Any) -> Iterator[dict[str, Any]]:
    after = None
    while True:
        page = profit.events(actor=SYSTEM, record_id=contact, at=AS_OF, limit=3, after=after, **options)
        yield from page.items
        after = page.next_cursor
        if after is None:
            return


@pytest.mark.parametrize("seed", range(4))
def test_one_statement_is_what_is_computed_of_all(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    world = random_world(random.Random(seed))
    store(world)
    run(monkeypatch)
    happened, moved = plain.events(world), plain.shares(world)
    for contact in world.get("contacts"):
        told = plain.statement(world, contact, moved, happened)
        found = live_costs.statement(Question(uuid(contact), AS_OF))  # type: ignore[arg-type]
        assert {name: found[name] for name in told} == told
        stored = ContactMetrics.objects.get(contact_id=uuid(contact))
        kept = [name for name in told if name not in ("orders", "revenue")]
        assert {name: getattr(stored, name) for name in kept} == {name: told[name] for name in kept}
        _lines_are_their_events(uuid(contact), found)  # type: ignore[arg-type]


def _lines_are_their_events(contact: UUID, found: dict[str, Any]) -> None:
    by_line: dict[str, Decimal] = defaultdict(Decimal)
    seen = set()
    for event in every_event(contact):
        key = (event["occurred_at"], event["source_id"], event["line"], event["activity"])
        assert key not in seen
        seen.add(key)
        by_line[event["line"]] += Decimal(event["amount"] or 0)
        assert (event["amount"] is None) is (event["reason"] is not None)
    for line, name in {line: f"{line}_cost" for line in plain.HEADS}.items():
        if found[name] is not None:
            assert by_line[line] == found[name], line
    for line in ("sales", "discounts", "returns", "cost_of_goods"):
        assert by_line[line] == (found[line] or 0), line


@pytest.mark.parametrize("seed", range(4, 8))
def test_periods_add_up_to_the_whole(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    world = random_world(random.Random(seed))
    store(world)
    run(monkeypatch)
    middle = AS_OF - timedelta(days=150)
    for contact in world.get("contacts"):
        whole, early, late = (
            profit.of_contact(actor=SYSTEM, record_id=uuid(contact), at=AS_OF, **period)  # type: ignore[arg-type]
            for period in ({}, {"end": middle}, {"start": middle})
        )
        for name in ("orders", "cost_events", "unrated_events", "lines_without_cost"):
            assert whole[name] == early[name] + late[name]
        for name in ("sales", "discounts", "service_cost", "acquisition_cost", "campaign_share"):
            if None not in (whole[name], early[name], late[name]):
                assert Decimal(whole[name]) == Decimal(early[name]) + Decimal(late[name]), name
