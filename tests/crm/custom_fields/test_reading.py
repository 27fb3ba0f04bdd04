"""Custom fields sorted, paged, selected, grouped and measured, through both APIs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest
from django.test import Client

from core import registry
from core.actors import SYSTEM
from core.errors import BadRequest
from core.reads import aggregates, reader
from core.reads.selection import Selection
from crm.models import Company, Contact, CustomField
from tests.crm import make
from tests.crm.custom_fields.make import AT, define, every_type

pytestmark = pytest.mark.django_db

# Tenths have no exact double: added as doubles, these give 5.999999999999999.
SCORES = [0.1, 0.2, 0.3, 4, -1.5, None, 0.1, 2.8]
SUMS = [("12.50", "EUR"), ("100", "USD"), None, ("12.5", "EUR"), ("-3", "EUR"), ("7", "USD"), ("0.01", "EUR"), None]


def people() -> list[Contact]:
    every_type()
    made = []
    for i in range(24):
        custom: dict[str, Any] = {}
        if SCORES[i % 8] is not None:
            custom["score"] = SCORES[i % 8]
        money = SUMS[i % 8]
        if money is not None:
            custom["budget"] = {"amount": money[0], "currency": money[1]}
        if i % 3:
            custom |= {"tier": ["bronze", "gold"][i % 2], "seen": f"2026-0{1 + i % 3}-1{i % 5}", "active": i % 2 == 0}
        if i % 4 == 1:
            custom["tags_of"] = ["tea", "wine"][: 1 + i % 2]
        made.append(Contact.objects.create(last_name=f"P{i:02}", custom=custom))
    return made


def key_of(contact: Contact, name: str) -> Any:
    key, _, part = name.partition(".")
    value = contact.custom.get(key)
    if value is None:
        return None
    if key == "budget":
        amount, currency = Decimal(value["amount"]), value["currency"]
        return {"": (currency, amount), "currency": currency}[part]
    return Decimal(str(value)) if key == "score" else value


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("limit", [1, 5, 24])
@pytest.mark.parametrize("name", ["score", "tier", "seen", "active", "budget", "budget.currency", "note"])
@pytest.mark.parametrize("descending", [False, True])
def test_pages_put_together_are_the_whole_list_in_order(name: str, descending: bool, limit: int, indexed: bool) -> None:
    made = people()
    CustomField.objects.update(indexed=indexed, indexed_at=AT if indexed else None)
    some, none = [], []
    for contact in made:
        (none if key_of(contact, name) is None else some).append(contact)
    ordered = sorted(some, key=lambda contact: (key_of(contact, name), contact.pk), reverse=descending)
    absent = sorted(none, key=lambda contact: contact.pk, reverse=descending)
    expected = [str(contact.pk) for contact in ([*absent, *ordered] if descending else [*ordered, *absent])]
    found: list[str] = []
    after = None
    for _ in range(30):
        page = reader.page(
            registry.entity("contact"), actor=SYSTEM, at=AT, selection=Selection(("id",)),
            sort=[f"{'-' * descending}custom.{name}"], limit=limit, after=after,
        )  # fmt: skip
        found += [row["id"] for row in page.rows]
        after = page.next_cursor
        if after is None:
            break
    assert found == expected


def test_both_apis_sort_select_and_filter_alike(owner: Client) -> None:
    people()
    rest = owner.get("/api/v1/contacts?sort=-custom.score&fields=custom.score,custom.budget,last_name&limit=4").json()
    rows = rest["data"]
    assert set(rows[0]) == {"id", "last_name", "custom"}
    query = """query($s: [String!], $f: Criteria) { contacts(first: 4, sort: $s, filter: $f) {
        edges { cursor } nodes { id customFields { score } } pageInfo { endCursor } } }"""
    graph = ask(owner, query, s=["-custom.score"])
    assert [node["id"] for node in graph["nodes"]] == [row["id"] for row in rows]
    assert graph["pageInfo"]["endCursor"] == rest["next"]
    asked = {"field": "custom.budget", "op": "gte", "value": {"amount": "1", "currency": "EUR"}}
    found = owner.post(
        "/api/v1/contacts/search", {"filter": asked, "limit": 50}, content_type="application/json"
    ).json()
    assert {row["custom"]["budget"]["amount"] for row in found["data"]} == {"12.50", "12.5"}
    graph = ask(owner, query, f=asked)
    assert len(graph["nodes"]) == 4


def test_lists_of_related_records_are_sorted_by_them_too(owner: Client) -> None:
    people()
    company = Company.objects.create(name="Acme")
    Contact.objects.update(company=company)
    query = """query($id: ID!, $a: String) { company(id: $id) { contacts(first: 5, after: $a, sort: ["custom.budget"]) {
        nodes { custom } pageInfo { endCursor } } } }"""
    seen: list[Any] = []
    after = None
    for _ in range(6):
        body = orjson.dumps({"query": query, "variables": {"id": str(company.pk), "a": after}})
        page = owner.post("/graphql", body, content_type="application/json").json()["data"]["company"]["contacts"]
        seen += [node["custom"].get("budget") for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    some = [(one["currency"], Decimal(one["amount"])) for one in seen if one]
    assert len(seen) == 24
    assert some == sorted(some)
    assert seen[-6:] == [None] * 6


@pytest.mark.parametrize(
    "name", ["custom.tags_of", "custom.unheard", "custom.budget.amount", "custom.budget.x", "custom."]
)
def test_what_has_no_order_is_not_sorted_by(name: str) -> None:
    every_type()
    with pytest.raises(BadRequest):
        reader.page(registry.entity("contact"), actor=SYSTEM, at=AT, selection=Selection(("id",)), sort=[name])


def test_amounts_of_one_currency_sort_by_themselves() -> None:
    define("fee", "money", currency="EUR")
    for amount in ("9", "10", "-1"):
        make.contact(AT, last_name=amount, custom={"fee": {"amount": amount}})
    for name in ("custom.fee", "custom.fee.amount"):
        page = reader.page(
            registry.entity("contact"), actor=SYSTEM, at=AT, selection=Selection(("last_name",)), sort=[name]
        )
        assert [row["last_name"] for row in page.rows] == ["-1", "9", "10"]


def test_an_amount_alone_is_not_compared_across_currencies(owner: Client) -> None:
    people()
    alone = {"field": "custom.budget.amount", "op": "gt", "value": "1"}
    refused = search(owner, alone)
    assert refused["errors"][0]["code"] == "currency_required"
    euros = {"field": "custom.budget.currency", "value": "EUR"}
    assert len(search(owner, {"and": [euros, alone]})["data"]) == 6
    assert len(search(owner, {"and": [euros, {"or": [alone, {"not": alone}]}]})["data"]) == 12
    beside = {"or": [euros, alone]}
    assert search(owner, beside)["errors"][0]["code"] == "currency_required"


def test_fields_of_a_related_record(owner: Client) -> None:
    define("rank", "number", entity="company")
    company = make.company(AT, custom={"rank": 3})
    make.contact(AT, last_name="X", company_id=str(company.pk))
    row = owner.get("/api/v1/contacts?fields=last_name,company.custom.rank").json()["data"][0]
    assert row["company"] == {"id": str(company.pk), "custom": {"rank": 3}}
    assert len(search(owner, {"field": "company.custom.rank", "op": "gte", "value": 3})["data"]) == 1
    assert owner.get("/api/v1/contacts?fields=company.custom.unheard").status_code == 400
    assert owner.get("/api/v1/contacts?fields=custom.unheard").status_code == 400


def test_fields_through_a_reference(owner: Client) -> None:
    define("employer", "reference", target="company")
    company = make.company(AT, name="Acme", industry="steel")
    make.contact(AT, last_name="X", custom={"employer": str(company.pk)})
    make.contact(AT, last_name="Y")
    asked = {"field": "custom.employer.industry", "value": "steel"}
    assert [row["last_name"] for row in search(owner, asked)["data"]] == ["X"]
    assert [row["last_name"] for row in search(owner, {"not": asked})["data"]] == ["Y"]
    rows = aggregate(group_by=["custom.employer.industry"])
    assert [(row["keys"]["custom.employer.industry"], row["values"]["count"]) for row in rows] == [
        ("steel", 1),
        (None, 1),
    ]


def test_groups_and_measures_are_what_adding_by_hand_gives() -> None:
    made = people()
    (total,) = aggregate(measures=[{"fn": fn, "field": "custom.score"} for fn in ("sum", "avg", "min", "max", "count")])
    scores = [Decimal(str(one.custom["score"])) for one in made if "score" in one.custom]
    assert Decimal(total["values"]["sum_custom.score"]) == sum(scores)
    assert "999" not in total["values"]["sum_custom.score"]
    assert abs(Decimal(total["values"]["avg_custom.score"]) - sum(scores) / len(scores)) < Decimal("1e-9")
    assert Decimal(total["values"]["min_custom.score"]) == min(scores)
    assert Decimal(total["values"]["max_custom.score"]) == max(scores)
    assert total["values"]["count_custom.score"] == len(scores)
    rows = aggregate(group_by=["custom.tier"], measures=[{"fn": "sum", "field": "custom.budget", "as": "sum"}])
    for row in rows:
        tier, currency = row["keys"]["custom.tier"], row["keys"]["custom.budget.currency"]
        amounts = [
            Decimal(one.custom["budget"]["amount"])
            for one in made
            if one.custom.get("tier") == tier
            and "budget" in one.custom
            and one.custom["budget"]["currency"] == currency
        ]
        assert row["values"]["sum"] is None if currency is None else Decimal(row["values"]["sum"]) == sum(amounts)
    assert {row["keys"]["custom.budget.currency"] for row in rows} == {"EUR", "USD", None}


def test_groups_by_month_word_flag_and_number() -> None:
    people()
    months = aggregate(group_by=[{"field": "custom.seen", "bucket": "month"}])
    assert [row["keys"]["custom.seen"] for row in months] == ["2026-01-01", "2026-02-01", "2026-03-01", None][1:]
    words = aggregate(group_by=["custom.tags_of"])
    assert {row["keys"]["custom.tags_of"] for row in words} == {"tea", "wine"}
    assert {row["keys"]["custom.active"] for row in aggregate(group_by=["custom.active"])} == {True, False, None}
    assert {row["keys"]["custom.score"] for row in aggregate(group_by=["custom.score"])} == set(SCORES)


@pytest.mark.parametrize(
    "options",
    [
        {"group_by": ["custom.budget"]},
        {"group_by": ["custom.unheard"]},
        {"measures": [{"fn": "sum", "field": "custom.tier"}]},
        {"measures": [{"fn": "sum", "field": "custom.unheard"}]},
        {"measures": [{"fn": "min", "field": "custom.tags_of"}]},
    ],
)
def test_what_cannot_be_added_is_refused(options: dict[str, Any]) -> None:
    every_type()
    with pytest.raises(BadRequest):
        aggregate(**options)


def test_measures_of_a_related_record() -> None:
    company = make.company(AT, annual_revenue="1000.50", currency="EUR")
    for name in ("X", "Y"):
        make.contact(AT, last_name=name, company_id=str(company.pk))
    make.contact(AT, last_name="Z")
    rows = aggregate(measures=[{"fn": "max", "field": "company.annual_revenue", "as": "most"}])
    found = {row["keys"]["company.currency"]: row["values"]["most"] for row in rows}
    assert found == {"EUR": "1000.50", None: None}


def aggregate(**options: Any) -> list[dict[str, Any]]:
    return aggregates.run(registry.entity("contact"), actor=SYSTEM, at=AT, **options)


def search(client: Client, criteria: Any) -> dict[str, Any]:
    body = orjson.dumps({"filter": criteria, "limit": 100})
    found: dict[str, Any] = client.post("/api/v1/contacts/search", body, content_type="application/json").json()
    return found


def ask(client: Client, query: str, **variables: Any) -> dict[str, Any]:
    body = orjson.dumps({"query": query, "variables": variables})
    answer = client.post("/graphql", body, content_type="application/json").json()
    found: dict[str, Any] = answer["data"]["contacts"]
    return found
