"""Statements are kept by what an actor may see: nobody gets rows or values by a statement made for somebody else."""

from __future__ import annotations

from uuid import UUID

import pytest

from accounts.models import Team, User
from core import clock, registry
from core.actors import SYSTEM, Actor, Visibility
from core.errors import NotFound
from core.reads import reader
from crm.models import Contact, Product
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db
CONTACT = registry.entity("contact")


def seen(actor: Actor) -> set[UUID]:
    selection = reader.default_selection(CONTACT, actor)
    rows = reader.page(CONTACT, actor=actor, at=clock.now(), selection=selection).rows
    return {UUID(row["id"]) for row in rows}


def test_the_same_page_for_different_people() -> None:
    teams = [Team.objects.create(name=name) for name in ("North", "South")]
    users = [User.objects.create_user(f"{n}@example.com", name=str(n), team=team) for n, team in enumerate(teams)]
    records = [Contact.objects.create(first_name="A", owner=user, team=user.team) for user in users]
    own = [clerk("contact", visibility=Visibility.OWN, user_id=user.pk) for user in users]
    team = [
        clerk("contact", visibility=Visibility.TEAM, user_id=users[0].pk, team_ids=frozenset({item.pk}))
        for item in teams
    ]
    for _ in range(2):
        assert [seen(actor) for actor in own] == [{records[0].pk}, {records[1].pk}]
        assert [seen(actor) for actor in team] == [{records[0].pk}, {record.pk for record in records}]
        assert seen(SYSTEM) == {record.pk for record in records}


def test_a_record_that_one_may_see_and_another_not() -> None:
    user = User.objects.create_user("a@example.com", name="A")
    record = Contact.objects.create(first_name="A", owner=user)
    mine, other = clerk("contact", visibility=Visibility.OWN, user_id=user.pk), clerk("contact", actions=("create",))
    stranger = clerk("contact", visibility=Visibility.OWN, user_id=record.pk)
    selection = reader.default_selection(CONTACT, SYSTEM)
    for _ in range(2):
        found = reader.one(CONTACT, record.pk, actor=mine, at=clock.now(), selection=selection)
        assert found["first_name"] == "A"
        with pytest.raises(NotFound):
            reader.one(CONTACT, record.pk, actor=stranger, at=clock.now(), selection=selection)
    assert not other.may("contact", "view")


def test_a_value_that_one_may_see_and_another_not() -> None:
    product = registry.entity("product")
    record = Product.objects.create(name="Nail", unit_cost="1.2500")
    selection = reader.default_selection(product, SYSTEM)
    actors = clerk("product"), clerk("product", actions=("view", "view_costs")), clerk("product")
    costs = [
        reader.one(product, record.pk, actor=actor, at=clock.now(), selection=selection)["unit_cost"]
        for actor in actors
    ]
    assert costs == [None, "1.2500", None]
