"""Related records: what the actor may not see is absent, and the number of queries does not grow with rows."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core import criteria, registry
from core.actors import SYSTEM, Visibility
from core.reads import reader
from core.reads.selection import Nested, Selection
from crm.models import Company, Contact
from tests.support.actors import clerk

AT = datetime(2026, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db
NAME = Selection(("name",))


def companies_with_contacts(limit: int = 3) -> list[dict[str, object]]:
    people = Nested("contacts", Selection(("name",), {"company": Nested("company", NAME)}), limit=limit, sort=("name",))
    selection = Selection(("name",), {"people": people})
    return reader.page(registry.entity("company"), actor=SYSTEM, at=AT, selection=selection, sort=("name",)).rows


def test_lists_are_limited_per_parent_and_say_where_they_go_on() -> None:
    for i in range(3):
        company = Company.objects.create(name=f"C{i}")
        for n in range(i * 2):
            Contact.objects.create(first_name=f"P{n}", company=company)
    rows = companies_with_contacts()
    names = [[person["name"] for person in row["people"]["rows"]] for row in rows]  # type: ignore[index]
    assert names == [[], ["P0", "P1"], ["P0", "P1", "P2"]]
    assert rows[2]["people"]["rows"][0]["company"] == {"name": "C2"}  # type: ignore[index]
    cursor = rows[2]["people"]["next_cursor"]  # type: ignore[index]
    rest = Nested("contacts", NAME, limit=3, sort=("name",), after=cursor)
    selection = Selection(("name",), {"people": rest})
    (last,) = reader.page(
        registry.entity("company"), actor=SYSTEM, at=AT, selection=selection, where={"field": "name", "value": "C2"}
    ).rows
    assert [person["name"] for person in last["people"]["rows"]] == ["P3"]


def test_queries_do_not_grow_with_rows() -> None:
    counts = []
    for i in range(2):
        for n in range(5):
            company = Company.objects.create(name=f"C{i}{n}")
            Contact.objects.create(first_name="P", company=company)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            companies_with_contacts()
        counts.append(len(queries))
    assert counts == [3, 3]


def test_hidden_related_records_are_absent_and_cannot_be_guessed_by_criteria() -> None:
    owner = User.objects.create(email="o@example.com")
    hidden = Company.objects.create(name="Hidden")
    mine = Company.objects.create(name="Mine", owner=owner)
    for company in (hidden, mine):
        Contact.objects.create(first_name=f"At {company.name}", company=company, owner=owner)
        Contact.objects.create(first_name="Stranger", company=company)
    actor = clerk("contact", "company", visibility=Visibility.OWN, user_id=owner.pk)
    contact, companies = registry.entity("contact"), registry.entity("company")
    selection = Selection(("name",), {"company": Nested("company", NAME)})
    rows = reader.page(contact, actor=actor, at=AT, selection=selection, sort=("name",)).rows
    assert rows == [{"name": "At Hidden", "company": None}, {"name": "At Mine", "company": {"name": "Mine"}}]
    nested = Selection(("name",), {"people": Nested("contacts", NAME)})
    (row,) = reader.page(companies, actor=actor, at=AT, selection=nested).rows
    assert [person["name"] for person in row["people"]["rows"]] == ["At Mine"]
    q = criteria.to_q(contact, {"field": "company.name", "value": "Hidden"}, actor=actor, at=AT)
    assert not Contact.objects.filter(q).exists()


def test_a_kind_that_the_actor_may_not_view_is_null() -> None:
    contact = Contact.objects.create(first_name="A", company=Company.objects.create(name="C"))
    selection = Selection(("name",), {"company": Nested("company", NAME), "deals": Nested("deals", Selection(("id",)))})
    row = reader.one(registry.entity("contact"), contact.pk, actor=clerk("contact"), at=AT, selection=selection)
    assert row["company"] is None
    assert row["deals"]["rows"] == []


def test_a_partner_sees_only_its_own_whatever_its_grants_say() -> None:
    Contact.objects.create(first_name="A")
    actor = clerk("contact", visibility=Visibility.ALL, partner_id=uuid4())
    assert reader.page(registry.entity("contact"), actor=actor, at=AT, selection=NAME).rows == []
