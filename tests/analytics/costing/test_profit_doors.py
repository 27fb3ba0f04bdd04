"""Profits over REST and GraphQL: statements, product lines, the ledger, findings; and nobody without the grant."""

from __future__ import annotations

import csv
import io
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from analytics.models import ContactMetrics, CostActivity
from core.actors import Visibility
from crm.models import Contact, Order, OrderLine, ProductLine
from tests.analytics.callers import Caller, signed_in_over_both
from tests.analytics.costing.random_worlds import random_world
from tests.analytics.costing.test_live_profit import run, store, uuid
from tests.analytics.costing.world import AS_OF, World
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db(transaction=True)

ANALYST = clerk("contact", "contact_metrics", "analytics", actions=("view", "view_costs"))


@pytest.fixture(autouse=True)
def _doors(settings: Any, clean_cache: None) -> Iterator[None]:
    with signed_in_over_both(settings):
        yield


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = random_world(random.Random(2))
    store(made)
    run(monkeypatch)
    return made


def test_a_statement_is_the_same_over_both(world: World) -> None:
    caller = Caller(ANALYST)
    contact = max(world.get("contacts"), key=lambda key: ContactMetrics.objects.get(contact_id=uuid(key)).cost_events)
    status, found = caller.get(f"contacts/{uuid(contact)}/profit")
    assert status == 200, found
    assert found["cost_events"] > 0
    assert found["computed_profit"] == found["profit"]
    answer = caller.graphql(
        "query ($id: ID!) { profitOfContact(id: $id) { profit costToServe runId activities { activity amount } }"
        " contact(id: $id) { profitEvents(first: 2) { nodes { line amount reason } } } }",
        id=str(uuid(contact)),
    )
    assert "errors" not in answer, answer
    other = answer["data"]["profitOfContact"]
    assert (other["profit"], other["runId"]) == (found["profit"], found["run_id"])
    assert [row["amount"] for row in other["activities"]] == [row["amount"] for row in found["activities"]]
    status, page = caller.get(f"contacts/{uuid(contact)}/profit-events", limit=2)
    assert status == 200, page
    nodes = answer["data"]["contact"]["profitEvents"]["nodes"]
    assert [row["amount"] for row in page["data"]] == [node["amount"] for node in nodes]
    status, only = caller.get(f"contacts/{uuid(contact)}/profit-events", line="sales")
    assert {row["line"] for row in only["data"]} <= {"sales"}


def test_bad_questions_are_refused(world: World) -> None:
    caller, contact = Caller(ANALYST), uuid("c0")
    later = (AS_OF + timedelta(days=1000)).isoformat()
    for path, query in (
        ("profit", {"start": AS_OF.isoformat(), "end": AS_OF.isoformat()}),
        ("profit", {"as_of": later}),
        ("profit-events", {"line": "nothing"}),
        ("profit-events", {"after": "x"}),
        ("profit", {"from": "2026-01-01"}),
    ):
        assert caller.get(f"contacts/{contact}/{path}", **query)[0] in (400, 422), (path, query)
    for query in ({"start": "2026-01-02"}, {"start": "2026-02-01", "end": "2026-01-01"}, {"segment_by": "shoe_size"}):
        assert caller.get("analytics/product-lines", **query)[0] in (400, 422), query
    assert caller.get(f"contacts/{uuid('gone')}/profit")[0] == 404


def test_the_ledger_adds_up_to_the_figures_to_the_cent(world: World) -> None:
    caller = Caller(ANALYST)
    for segment_by in ("all", "region", "rfm_segment", "lifecycle_stage"):
        status, found = caller.get("analytics/product-lines", segment_by=segment_by)
        assert status == 200, found
        status, text = caller.text("analytics/product-lines/ledger", segment_by=segment_by)
        assert status == 200
        booked: dict[str, Decimal] = defaultdict(Decimal)
        for row in csv.DictReader(io.StringIO(text)):
            side = Decimal(row["credit"] or 0) - Decimal(row["debit"] or 0)
            booked[row["account"]] += side if row["account"] == "sales" else -side
        for account, amount in booked.items():
            exact = Decimal(found["total"][account])
            assert abs(amount - exact) <= Decimal("0.005"), account
            assert sum(Decimal(row[account]) for row in found["rows"]) == exact
    stored = ContactMetrics.objects.exclude(service_cost=None).values_list("service_cost", flat=True)
    assert Decimal(found["total"]["service_cost"]) == sum(stored)


def test_a_name_that_looks_like_a_formula_is_text(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for line in ProductLine.objects.all():
        ProductLine.objects.filter(pk=line.pk).update(name=f"={line.name}")
    run(monkeypatch)
    _, text = Caller(ANALYST).text("analytics/product-lines/ledger")
    assert ",'=Line" in text.replace("'=pl", "'=Line")
    assert ",=" not in text


def test_findings_name_their_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    for number, (revenue, cost) in enumerate([(900, 895), (800, 100), (500, 0), (90, 80), (80, 70)] * 2):
        who = Contact.objects.create(last_name=f"C{number}")
        bought = Order.objects.create(
            contact=who, number=f"N{number}", placed_at=AS_OF - timedelta(days=1), subtotal=revenue, total=revenue
        )
        OrderLine.objects.create(
            order=bought, position=1, unit_price=revenue, total=revenue, unit_cost=cost, placed_at=bought.placed_at
        )
    CostActivity.objects.exclude(key="delivery").update(is_active=False)
    run(monkeypatch)
    caller = Caller(ANALYST)
    status, found = caller.get("analytics/findings")
    assert status == 200, found
    by_key = {item["key"]: item for item in found["findings"]}
    assert by_key["expensive_to_maintain"]["customers"] == 2
    for key in ("expensive_to_maintain", "quietly_profitable"):
        item = by_key[key]
        status, people = caller.post("contacts/search", {"filter": item["criteria"]})
        assert status == 200, people
        assert len(people["data"]) == item["customers"] > 0
    answer = caller.graphql("{ findings { findings { key customers amount } } }")
    assert [row["key"] for row in answer["data"]["findings"]["findings"]] == [row["key"] for row in found["findings"]]


def test_profits_are_for_those_who_may_see_costs(world: World) -> None:
    contact = uuid("c0")
    plain = Caller(clerk("contact", "contact_metrics", "analytics", actions=("view",)))
    for path in (f"contacts/{contact}/profit", f"contacts/{contact}/profit-events", "analytics/product-lines",
                 "analytics/product-lines/ledger", "analytics/findings"):  # fmt: skip
        assert plain.get(path)[0] == 403, path
    status, metrics = plain.get(f"contacts/{contact}/metrics")
    assert (status, metrics["profit"], metrics["gross_margin"]) == (200, None, None)
    criteria = {"and": [{"field": "metrics.profit", "op": "gt", "value": "0"}]}
    assert plain.post("contacts/search", {"filter": criteria})[0] in (400, 403)
    own = clerk("contact", "contact_metrics", actions=("view", "view_costs"), visibility=Visibility.OWN)
    assert Caller(own).get(f"contacts/{contact}/profit")[0] == 404
