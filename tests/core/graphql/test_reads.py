"""Reading: shape of the answer, paging, what is hidden stays hidden, and queries that do not grow with rows."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core.actors import Visibility
from crm.models import Company, Contact
from tests.core.graphql.conftest import GraphQL
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db


def people(companies: int, each: int, prefix: str = "C") -> None:
    for i in range(companies):
        company = Company.objects.create(name=f"{prefix}{i}", industry="steel")
        for n in range(each):
            Contact.objects.create(first_name=f"P{i}{n}", company=company, email=f"{prefix}{i}{n}@example.com".lower())


def test_a_record_with_aliases_relations_and_typename(system: GraphQL) -> None:
    people(1, 2)
    contact = Contact.objects.get(first_name="P01")
    answer = system(
        """query ($id: ID!) {
          __typename
          person: contact(id: $id) {
            kind: __typename
            name
            stage: lifecycleStage
            company { name contacts(first: 1, sort: ["name"]) { nodes { name } pageInfo { hasNextPage } } }
          }
        }""",
        {"id": str(contact.pk)},
    )
    assert answer.data == {
        "__typename": "Query",
        "person": {
            "kind": "Contact",
            "name": "P01",
            "stage": "lead",
            "company": {"name": "C0", "contacts": {"nodes": [{"name": "P00"}], "pageInfo": {"hasNextPage": True}}},
        },
    }


def test_pages_are_walked_by_cursor(system: GraphQL) -> None:
    people(5, 0)
    query = """query ($after: String) {
      companies(first: 2, after: $after, sort: ["name"]) {
        edges { cursor node { name } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }"""
    names: list[str] = []
    after, later = None, []
    while True:
        page = system(query, {"after": after}).data["companies"]
        names += [edge["node"]["name"] for edge in page["edges"]]
        info = page["pageInfo"]
        assert info["startCursor"] == page["edges"][0]["cursor"]
        assert info["endCursor"] == page["edges"][-1]["cursor"]
        later.append(info["hasPreviousPage"])
        after = info["endCursor"]
        if not info["hasNextPage"]:
            break
    assert names == ["C0", "C1", "C2", "C3", "C4"]
    assert later == [False, True, True]


def test_nested_pages_go_on_from_their_cursors(system: GraphQL) -> None:
    people(1, 3)
    query = """query ($after: String) { companies { nodes {
      contacts(first: 2, after: $after, sort: ["name"]) {
        nodes { name } pageInfo { hasNextPage hasPreviousPage endCursor }
      }
    } } }"""
    first = system(query).data["companies"]["nodes"][0]["contacts"]
    second = system(query, {"after": first["pageInfo"]["endCursor"]}).data["companies"]["nodes"][0]["contacts"]
    assert [node["name"] for node in first["nodes"]] == ["P00", "P01"]
    assert [node["name"] for node in second["nodes"]] == ["P02"]
    assert first["pageInfo"]["hasNextPage"]
    assert not first["pageInfo"]["hasPreviousPage"]
    assert not second["pageInfo"]["hasNextPage"]
    assert second["pageInfo"]["hasPreviousPage"]


def test_the_same_relation_twice_with_different_arguments(system: GraphQL) -> None:
    people(1, 3)
    answer = system(
        """{ companies { nodes {
          up: contacts(first: 1, sort: ["name"]) { nodes { name } }
          down: contacts(first: 1, sort: ["-name"]) { nodes { name } }
          named: contacts(filter: {field: "first_name", value: "P01"}) { edges { node { name } } nodes { id } }
        } } }"""
    )
    (company,) = answer.data["companies"]["nodes"]
    assert company["up"]["nodes"] == [{"name": "P00"}]
    assert company["down"]["nodes"] == [{"name": "P02"}]
    assert [edge["node"]["name"] for edge in company["named"]["edges"]] == ["P01"]
    assert list(company["named"]["nodes"][0]) == ["id"]


def test_filter_search_and_sort(system: GraphQL) -> None:
    people(3, 1)
    query = """query ($filter: Criteria, $q: String, $sort: [String!]) {
      contacts(filter: $filter, q: $q, sort: $sort) { nodes { name } }
    }"""

    def names(**variables: Any) -> list[str]:
        return [node["name"] for node in system(query, variables).data["contacts"]["nodes"]]

    assert names(q="p1") == ["P10"]
    assert names(sort=["-name"]) == ["P20", "P10", "P00"]
    assert names(filter={"field": "company.name", "op": "in", "value": ["C0", "C2"]}, sort=["name"]) == ["P00", "P20"]


def test_deleted_records_are_listed_apart(system: GraphQL) -> None:
    people(1, 0)
    company = Company.objects.get()
    system("mutation ($id: ID!) { deleteCompany(id: $id) { id } }", {"id": str(company.pk)})
    query = "query ($deleted: Boolean) { companies(deleted: $deleted) { nodes { name } } }"
    assert system(query).data["companies"]["nodes"] == []
    assert system(query, {"deleted": True}).data["companies"]["nodes"] == [{"name": "C0"}]


def test_aggregate(system: GraphQL) -> None:
    people(2, 3)
    answer = system(
        """query ($where: Criteria) {
          contactAggregate(
            groupBy: [{field: "company.industry"}], measures: [{fn: count, as: "people"}], filter: $where
          ) { keys values }
        }""",
        {"where": {"field": "company.name", "value": "C0"}},
    )
    assert answer.data["contactAggregate"] == [{"keys": {"company.industry": "steel"}, "values": {"people": 3}}]


def test_what_a_caller_may_not_see_is_null_or_not_listed(caller: Any) -> None:
    owner = User.objects.create(email="o@example.com")
    mine = Company.objects.create(name="mine", owner=owner)
    hidden = Company.objects.create(name="hidden")
    for i, company in enumerate((mine, hidden)):
        Contact.objects.create(first_name=f"P{i}", company=company, owner=owner)
    Contact.objects.create(first_name="theirs", company=mine)
    graphql = caller(clerk("company", "contact", visibility=Visibility.OWN, user_id=owner.pk))
    answer = graphql('{ contacts(sort: ["name"]) { nodes { name company { name } } } }')
    assert answer.data["contacts"]["nodes"] == [
        {"name": "P0", "company": {"name": "mine"}},
        {"name": "P1", "company": None},
    ]
    answer = graphql("{ companies { nodes { name contacts { nodes { name } } } } }")
    assert answer.data["companies"]["nodes"] == [{"name": "mine", "contacts": {"nodes": [{"name": "P0"}]}}]
    answer = graphql("query ($id: ID!) { company(id: $id) { name } }", {"id": str(hidden.pk)})
    assert answer.body["data"] == {"company": None}
    assert answer.code == "not_found"


def test_queries_do_not_grow_with_rows(system: GraphQL) -> None:
    query = """{ companies(first: 100) { nodes {
      name
      owner { name }
      contacts(first: 5) { edges { node { name company { name } orders(first: 2) { nodes { number } } } } }
    } } }"""
    counts = []
    for prefix in "AB":
        people(4, 3, prefix)
        with CaptureQueriesContext(connection) as queries:
            rows = system(query).data["companies"]["nodes"]
        counts.append((len(rows), len(queries)))
    assert counts == [(4, 4), (8, 4)]


def test_a_feed_is_read_on_a_single_record_only(system: GraphQL) -> None:
    people(1, 1)
    contact = Contact.objects.get()
    answer = system(
        """query ($id: ID!) { contact(id: $id) {
          name
          history(first: 1) { nodes { __typename } pageInfo { hasNextPage endCursor hasPreviousPage } }
          company { history { nodes { operation } } }
        } }""",
        {"id": str(contact.pk)},
    )
    assert answer.data["contact"]["name"] == "P00"
    assert len(answer.data["contact"]["history"]["nodes"]) == 1
    assert len(answer.data["contact"]["company"]["history"]["nodes"]) == 1
    refused = system("{ contacts { nodes { history { nodes { operation } } } } }")
    assert refused.status == 400
    assert refused.code == "feed_needs_single_record"
