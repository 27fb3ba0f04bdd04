"""The tree of teams, what it lets people see, and the roles that the product brings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command

from accounts import built_in
from accounts.errors import InUse, TeamCycle
from accounts.models import Grant, Role, Team, User
from accounts.services import built_in_roles
from accounts.services.teams import teams
from core.actors import SYSTEM
from tests.accounts.people import AT, MakeUser, actor_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def tree() -> dict[str, Team]:
    made: dict[str, Team] = {}
    for name, parent in (("all", None), ("north", "all"), ("south", "all"), ("oslo", "north"), ("bergen", "north")):
        made[name] = teams.create(
            actor=SYSTEM, at=AT, values={"name": name, "parent_id": str(made[parent].pk) if parent else None}
        )
    return made


def test_an_actor_reaches_the_teams_below(make_user: MakeUser, tree: dict[str, Team]) -> None:
    lead = actor_of(make_user("lead@example.com", "manager", team=tree["north"]))
    assert lead.team_id == tree["north"].pk
    assert lead.team_ids == {tree[name].pk for name in ("north", "oslo", "bergen")}
    assert actor_of(make_user("leaf@example.com", "manager", team=tree["oslo"])).team_ids == {tree["oslo"].pk}
    assert actor_of(make_user("none@example.com", "manager")).team_ids == frozenset()


def test_visibility_team_shows_people_of_the_teams_below(make_user: MakeUser, tree: dict[str, Team]) -> None:
    leaders = Role.objects.create(key="leaders", name="Leaders")
    Grant.objects.create(role=leaders, entity="user", actions=["view"], visibility="team")
    lead = make_user("lead@example.com", "leaders", team=tree["north"])
    make_user("o@example.com", team=tree["oslo"])
    make_user("s@example.com", team=tree["south"])
    make_user("t@example.com", team=tree["all"])
    seen = User.objects.visible_to(actor_of(lead)).values_list("email", flat=True)
    assert set(seen) == {"lead@example.com", "o@example.com"}


def test_a_deleted_team_ends_the_reach(make_user: MakeUser, tree: dict[str, Team]) -> None:
    teams.delete(actor=SYSTEM, at=AT, record_id=tree["oslo"].pk)
    lead = actor_of(make_user("lead@example.com", "manager", team=tree["north"]))
    assert tree["oslo"].pk not in lead.team_ids


def test_cycles_are_refused(tree: dict[str, Team]) -> None:
    for parent in ("north", "oslo"):
        with pytest.raises(TeamCycle):
            teams.update(actor=SYSTEM, at=AT, record_id=tree["north"].pk, values={"parent_id": str(tree[parent].pk)})
    assert Team.objects.get(pk=tree["north"].pk).parent_id == tree["all"].pk
    teams.update(actor=SYSTEM, at=AT, record_id=tree["oslo"].pk, values={"parent_id": str(tree["south"].pk)})


def test_a_team_in_use_stays(make_user: MakeUser, tree: dict[str, Team]) -> None:
    make_user("o@example.com", team=tree["oslo"])
    for name in ("north", "oslo"):
        with pytest.raises(InUse):
            teams.delete(actor=SYSTEM, at=AT, record_id=tree[name].pk)


def test_every_built_in_role_is_there() -> None:
    assert set(Role.objects.filter(built_in=True).values_list("key", flat=True)) == {
        "administrator", "manager", "sales", "marketing", "service", "analyst", "integration",
        "partner_manager", "partner_member", "privacy_officer",
    }  # fmt: skip


def test_partner_roles_reach_partner_records_only() -> None:
    granted = Grant.objects.filter(role__key__startswith="partner_")
    assert set(granted.values_list("visibility", flat=True)) == {"partner"}
    assert not granted.filter(actions__contains=["view_costs"]).exists()
    assert not granted.filter(entity__in=("role", "team", "api_key", "analytics", "sign_in_event")).exists()


@pytest.mark.parametrize("key", ["sales", "service", "partner_manager", "partner_member"])
def test_costs_are_hidden_from(key: str) -> None:
    assert not Grant.objects.filter(role__key=key, actions__contains=["view_costs"]).exists()


# Of one's own: keys, jobs, name, inbox, what one exported.
OWN_THINGS = ("api_key", "job", "user", "analytics", "export", "import", "import_mapping", "notification")


def test_an_analyst_changes_nothing() -> None:
    for grant in Grant.objects.filter(role__key="analyst").exclude(entity__in=OWN_THINGS):
        assert all(action.startswith("view") for action in grant.actions), grant


def test_sync_changes_nothing_twice() -> None:
    call_command("sync_roles")
    assert built_in_roles.sync(at=AT) == 0


def test_sync_respects_what_administrators_took_and_gives_what_is_new() -> None:
    sales = Role.objects.get(key="sales")
    sales.grants.filter(entity="deal").delete()
    sales.seeded = [mark for mark in sales.seeded if not mark.startswith("order:")]
    sales.save()
    sales.grants.filter(entity="order").delete()
    built_in_roles.sync(at=AT)
    assert not sales.grants.filter(entity="deal").exists()
    assert sales.grants.filter(entity="order").exists()


def test_a_deleted_built_in_role_is_not_made_again() -> None:
    Role.objects.filter(key="service").update(deleted_at=AT - timedelta(days=1))
    built_in_roles.sync(at=AT)
    assert Role.objects.filter(key="service").count() == 1


def test_every_rule_finds_something() -> None:
    for role in built_in.ROLES:
        assert built_in.grants(role), role.key


PARTS = {"lifecycle_change": "contact", "stage_change": "deal"} | dict.fromkeys(
    ("order_line", "order_discount", "order_return"), "order"
)


@pytest.mark.parametrize("role", built_in.ROLES, ids=lambda role: role.key)
def test_a_part_is_seen_only_with_its_whole(role: built_in.BuiltIn) -> None:
    granted = built_in.grants(role)
    for (name, visibility), actions in granted.items():
        if name in PARTS and "view" in actions:
            assert "view" in granted.get((PARTS[name], visibility), ()), (name, visibility)
