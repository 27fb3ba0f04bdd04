"""Nobody hands out, or takes, more than they hold."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import scopes
from accounts.errors import BuiltInRole, Escalation
from accounts.models import Grant, PartnerOrganisation, PartnerPerson, Role, Team, User, UserRole
from accounts.policies import is_administrator
from accounts.services.partners import partner_people
from accounts.services.roles import roles
from accounts.services.users import users
from core.actors import Visibility
from core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from core.models import Change
from tests.accounts.people import AT, MakeUser, actor_of

pytestmark = pytest.mark.django_db

CLERKS = {"entity": "user", "actions": ["view", "create", "update", "delete", "restore"], "visibility": "all"}
ROLE_EDITORS = {"entity": "role", "actions": ["view", "create", "update", "delete"], "visibility": "all"}


def role(key: str, *grants: dict[str, Any]) -> Role:
    made = Role.objects.create(key=key, name=key)
    Grant.objects.bulk_create(Grant(role=made, **grant) for grant in grants)
    return made


@pytest.fixture
def clerk(make_user: MakeUser) -> User:
    """Looks after accounts and roles, and holds what sales holds: no administrator."""
    role("clerk", CLERKS, ROLE_EDITORS)
    return make_user("clerk@example.com", "clerk", "sales")


def test_who_holds_everything_is_an_administrator(make_user: MakeUser, clerk: User) -> None:
    assert is_administrator(actor_of(make_user("boss@example.com", "administrator")))
    assert is_administrator(actor_of(make_user("root@example.com", is_superuser=True)))
    assert not is_administrator(actor_of(clerk))


def test_roles_are_assigned_up_to_ones_own(make_user: MakeUser, clerk: User) -> None:
    bob = make_user("bob@example.com")
    users.update(actor=actor_of(clerk), at=AT, record_id=bob.pk, values={"roles": ["sales"]})
    assert [item.key for item in bob.roles.all()] == ["sales"]
    for key in ("administrator", "integration", "manager", "analyst"):
        with pytest.raises(Escalation):
            users.update(actor=actor_of(clerk), at=AT, record_id=bob.pk, values={"roles": ["sales", key]})
    assert [item.key for item in bob.roles.all()] == ["sales"]


def test_a_new_user_gets_no_more_than_the_maker_holds(clerk: User) -> None:
    values = {"email": "new@example.com", "name": "New", "roles": ["administrator"]}
    with pytest.raises(Escalation):
        users.create(actor=actor_of(clerk), at=AT, values=values)
    assert not User.objects.filter(email="new@example.com").exists()


def test_ones_own_roles_are_not_widened(clerk: User) -> None:
    with pytest.raises(Escalation):
        users.update(actor=actor_of(clerk), at=AT, record_id=clerk.pk, values={"roles": ["administrator"]})


@pytest.mark.parametrize(
    "values",
    [
        {"password": "a new and long password"},
        {"email": "thief@example.com"},
        {"is_active": False},
        {"name": "Somebody else"},
        {"roles": []},
    ],
)
def test_accounts_of_the_more_powerful_are_not_touched(
    make_user: MakeUser, clerk: User, values: dict[str, Any]
) -> None:
    for victim in (make_user("boss@example.com", "administrator"), make_user("root@example.com", is_superuser=True)):
        with pytest.raises(Escalation):
            users.update(actor=actor_of(clerk), at=AT, record_id=victim.pk, values=values)
        with pytest.raises(Escalation):
            users.delete(actor=actor_of(clerk), at=AT, record_id=victim.pk)
        assert User.objects.get(pk=victim.pk).version == 1


@pytest.mark.parametrize("key", ["administrator", "clerk"])
def test_only_superusers_make_superusers(make_user: MakeUser, key: str) -> None:
    if key == "clerk":
        role("clerk", CLERKS)
    actor = actor_of(make_user("someone@example.com", key))
    bob = make_user("bob@example.com")
    for target in (bob.pk, actor.user_id):
        with pytest.raises(Escalation):
            users.update(actor=actor, at=AT, record_id=target, values={"is_superuser": True})
    with pytest.raises(Escalation):
        users.create(actor=actor, at=AT, values={"email": "x@example.com", "name": "X", "is_superuser": True})
    assert not User.objects.filter(is_superuser=True).exists()
    root = actor_of(make_user("root@example.com", is_superuser=True))
    users.update(actor=root, at=AT, record_id=bob.pk, values={"is_superuser": True})
    assert User.objects.get(pk=bob.pk).is_superuser


def test_people_change_little_of_themselves(make_user: MakeUser) -> None:
    team, elsewhere = Team.objects.create(name="North"), Team.objects.create(name="South")
    ann = make_user("ann@example.com", "sales", team=team)
    actor = actor_of(ann)
    users.update(actor=actor, at=AT, record_id=ann.pk, values={"name": "Ann B.", "time_zone": "Europe/Paris"})
    for values in ({"team_id": str(elsewhere.pk)}, {"is_staff": True}, {"email": "b@example.com"}, {"roles": []}):
        with pytest.raises(Escalation):
            users.update(actor=actor, at=AT, record_id=ann.pk, values=values)
    assert User.objects.get(pk=ann.pk).team_id == team.pk


def test_others_cannot_be_changed_without_the_grant(make_user: MakeUser) -> None:
    ann, bob = make_user("ann@example.com", "sales"), make_user("bob@example.com")
    with pytest.raises(Forbidden):
        users.update(actor=actor_of(ann), at=AT, record_id=bob.pk, values={"name": "Robert"})
    with pytest.raises(Forbidden):
        users.create(actor=actor_of(ann), at=AT, values={"email": "x@example.com", "name": "X"})


def test_team_leaders_move_nobody_beyond_their_teams(make_user: MakeUser) -> None:
    top = Team.objects.create(name="Top")
    north = Team.objects.create(name="North", parent=top)
    role("leader", CLERKS | {"visibility": "team"}, {"entity": "team", "actions": ["view"], "visibility": "all"})
    lead = make_user("lead@example.com", "leader", team=north)
    ann = make_user("ann@example.com", team=north)
    for who in (lead, ann):
        with pytest.raises(Forbidden):
            users.update(actor=actor_of(lead), at=AT, record_id=who.pk, values={"team_id": str(top.pk)})
    assert set(User.objects.values_list("team_id", flat=True)) == {north.pk}


def test_grants_of_ones_own_role_are_not_edited(clerk: User) -> None:
    own = Role.objects.get(key="clerk")
    with pytest.raises(Escalation):
        roles.update(actor=actor_of(clerk), at=AT, record_id=own.pk, values={"grants": [CLERKS]})
    assert own.grants.count() == 2


def test_no_role_is_given_more_than_its_editor_holds(clerk: User) -> None:
    actor, other = actor_of(clerk), role("other")
    wide = {"entity": "contact", "actions": ["delete"], "visibility": "all"}
    with pytest.raises(Escalation):
        roles.update(actor=actor, at=AT, record_id=other.pk, values={"grants": [wide]})
    with pytest.raises(Escalation):
        roles.create(actor=actor, at=AT, values={"key": "mine", "name": "Mine", "grants": [wide]})
    assert not other.grants.exists()
    assert not Role.objects.filter(key="mine").exists()
    narrow = wide | {"visibility": "own"}
    roles.update(actor=actor, at=AT, record_id=other.pk, values={"grants": [narrow]})
    assert other.grants.get().visibility == "own"


def test_an_administrator_edits_roles_and_history_tells(make_user: MakeUser) -> None:
    boss = actor_of(make_user("boss@example.com", "administrator"))
    sales = Role.objects.get(key="sales")
    grant = {"entity": "contact", "actions": ["view"], "visibility": "all"}
    roles.update(actor=boss, at=AT, record_id=sales.pk, values={"grants": [grant]})
    assert list(sales.grants.values("entity", "actions", "visibility")) == [grant]
    change = Change.objects.filter(record_id=sales.pk, operation="insert", after__visibility="all").latest("id")
    assert change.after["actions"] == ["view"]
    assert change.actor_label == "boss@example.com"
    with pytest.raises(BuiltInRole):
        roles.delete(actor=boss, at=AT, record_id=sales.pk)


@pytest.mark.parametrize(
    ("grant", "pointer"),
    [
        ({"entity": "unicorn", "actions": ["view"], "visibility": "all"}, "/grants/0/entity"),
        ({"entity": "contact", "actions": ["fly"], "visibility": "all"}, "/grants/0/actions"),
        ({"entity": "contact", "actions": ["view"], "visibility": "everywhere"}, "/grants/0/visibility"),
    ],
)
def test_grants_of_what_there_is_not(make_user: MakeUser, grant: dict[str, Any], pointer: str) -> None:
    boss = actor_of(make_user("boss@example.com", "administrator"))
    with pytest.raises(Invalid) as refusal:
        roles.create(actor=boss, at=AT, values={"key": "odd", "name": "Odd", "grants": [grant]})
    assert [fault.pointer for fault in refusal.value.errors] == [pointer]


class TestPartners:
    @pytest.fixture
    def acme(self) -> PartnerOrganisation:
        return PartnerOrganisation.objects.create(name="Acme")

    def test_their_people_keep_only_partner_grants(self, make_user: MakeUser, acme: PartnerOrganisation) -> None:
        pat = make_user("pat@example.com", "administrator", "partner_member")
        PartnerPerson.objects.create(user=pat, organisation=acme)
        actor = actor_of(pat)
        assert actor.partner_id == acme.pk
        granted = {grant.visibility for name, items in actor.grants.items() if name != "me" for grant in items}
        assert granted == {Visibility.PARTNER}
        assert not actor.may("role", "view")

    def test_they_get_no_other_roles(self, make_user: MakeUser, acme: PartnerOrganisation) -> None:
        boss = actor_of(make_user("boss@example.com", "administrator"))
        pat = make_user("pat@example.com")
        values = {"user_id": str(pat.pk), "organisation_id": str(acme.pk), "position": "manager"}
        person = partner_people.create(actor=boss, at=AT, values=values)
        assert [item.key for item in pat.roles.all()] == ["partner_manager"]
        with pytest.raises(Invalid):
            users.update(actor=boss, at=AT, record_id=pat.pk, values={"roles": ["partner_manager", "sales"]})
        with pytest.raises(Invalid):
            users.update(actor=boss, at=AT, record_id=pat.pk, values={"is_staff": True})
        partner_people.update(actor=boss, at=AT, record_id=person.pk, values={"position": "member"})
        assert [item.key for item in pat.roles.all()] == ["partner_member"]
        partner_people.delete(actor=boss, at=AT, record_id=person.pk)
        pat.refresh_from_db()
        assert pat.partner_id is None
        assert not pat.roles.exists()

    def test_our_own_people_cannot_become_theirs(self, make_user: MakeUser, acme: PartnerOrganisation) -> None:
        boss = actor_of(make_user("boss@example.com", "administrator"))
        for user in (make_user("ann@example.com", "sales"), make_user("staff@example.com", is_staff=True)):
            values = {"user_id": str(user.pk), "organisation_id": str(acme.pk)}
            with pytest.raises(Invalid):
                partner_people.create(actor=boss, at=AT, values=values)

    def test_two_partners_do_not_see_each_other(self, make_user: MakeUser, acme: PartnerOrganisation) -> None:
        other = PartnerOrganisation.objects.create(name="Other")
        pat, olga = make_user("pat@example.com", "partner_manager"), make_user("olga@example.com", "partner_manager")
        PartnerPerson.objects.create(user=pat, organisation=acme)
        theirs = PartnerPerson.objects.create(user=olga, organisation=other)
        actor = actor_of(pat)
        assert list(PartnerOrganisation.objects.visible_to(actor)) == [acme]
        assert list(User.objects.visible_to(actor)) == [pat]
        assert [person.user_id for person in PartnerPerson.objects.visible_to(actor)] == [pat.pk]
        assert not Team.objects.visible_to(actor).exists()
        with pytest.raises(NotFound):
            partner_people.update(actor=actor, at=AT, record_id=theirs.pk, values={"position": "member"})

    def test_the_boundary_follows_bulk_writes(self, make_user: MakeUser, acme: PartnerOrganisation) -> None:
        other = PartnerOrganisation.objects.create(name="Other")
        pat = make_user("pat@example.com")
        PartnerPerson.objects.bulk_create([PartnerPerson(user=pat, organisation=acme)])
        assert User.objects.get(pk=pat.pk).partner_id == acme.pk
        PartnerPerson.objects.update(organisation=other)
        assert User.objects.get(pk=pat.pk).partner_id == other.pk
        PartnerPerson.objects.all().delete()
        assert User.objects.get(pk=pat.pk).partner_id is None


def test_yourself_is_not_deleted_or_switched_off(make_user: MakeUser) -> None:
    boss = make_user("boss@example.com", "administrator")
    with pytest.raises(Conflict):
        users.delete(actor=actor_of(boss), at=AT, record_id=boss.pk)
    with pytest.raises(Conflict):
        users.update(actor=actor_of(boss), at=AT, record_id=boss.pk, values={"is_active": False})


def test_a_deleted_user_frees_the_address_and_comes_back_inactive(make_user: MakeUser) -> None:
    boss = actor_of(make_user("boss@example.com", "administrator"))
    bob = make_user("bob@example.com")
    users.delete(actor=boss, at=AT, record_id=bob.pk)
    again = users.create(actor=boss, at=AT, values={"email": "BOB@example.com ", "name": "Other Bob"})
    assert again.email == "bob@example.com"
    assert not again.has_usable_password()
    with pytest.raises(DomainError) as refusal:
        users.restore(actor=boss, at=AT, record_id=bob.pk)
    assert refusal.value.code == "duplicate"
    users.delete(actor=boss, at=AT, record_id=again.pk)
    assert not users.restore(actor=boss, at=AT, record_id=bob.pk).is_active


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"password": "short"}, "/password"),
        ({"password": "123456789012345"}, "/password"),
        ({"time_zone": "Mars/Olympus"}, "/time_zone"),
        ({"roles": ["emperor"]}, "/roles"),
        ({"email": "no address"}, "/email"),
        ({"partner_id": "018f0000-0000-7000-8000-000000000000"}, "/partner_id"),
    ],
)
def test_bad_values(make_user: MakeUser, values: dict[str, Any], pointer: str) -> None:
    boss = actor_of(make_user("boss@example.com", "administrator"))
    with pytest.raises(Invalid) as refusal:
        users.create(actor=boss, at=AT, values={"email": "new@example.com", "name": "New"} | values)
    assert refusal.value.errors[0].pointer == pointer
    assert not User.objects.filter(name="New").exists()


def test_role_changes_are_in_the_users_history(make_user: MakeUser) -> None:
    boss = actor_of(make_user("boss@example.com", "administrator"))
    bob = make_user("bob@example.com")
    users.update(actor=boss, at=AT, record_id=bob.pk, values={"roles": ["sales"]})
    held = UserRole.objects.get(user=bob)
    change = Change.objects.filter(record_id=bob.pk).latest("id")
    assert change.actor_label == "boss@example.com"
    assert change.entity == "user"
    assert any(
        str(held.role_id) == (item.after or {}).get("role_id") for item in Change.objects.filter(record_id=bob.pk)
    )
    assert not any("password" in (item.after or {}) for item in Change.objects.filter(record_id=bob.pk))


def test_scopes_cover() -> None:
    assert scopes.covers(["write"], ["read", "contacts:write"])
    assert scopes.covers(["contacts:write"], ["contacts:read"])
    assert scopes.covers(["read"], ["contacts:read"])
    assert not scopes.covers(["read"], ["contacts:write"])
    assert not scopes.covers(["contacts:write"], ["read"])
    assert not scopes.covers(["contacts:write"], ["deals:read"])


def test_a_role_is_brought_back_by_who_holds_it_all(make_user: MakeUser) -> None:
    """Else its holders, perhaps the restorer, would regain by it what the restorer may not hand out."""
    boss = actor_of(make_user("boss@example.com", "administrator"))
    keeper_role = role("keeper", {"entity": "role", "actions": ["view", "restore"], "visibility": "all"})
    wide = role("wide", {"entity": "contact", "actions": ["view", "delete"], "visibility": "all"})
    keeper = make_user("keeper@example.com", keeper_role.key, wide.key)
    roles.delete(actor=boss, at=AT, record_id=wide.pk)
    with pytest.raises(Escalation):
        roles.restore(actor=actor_of(keeper), at=AT, record_id=wide.pk)
    assert not actor_of(keeper).may("contact", "view")
    roles.restore(actor=boss, at=AT, record_id=wide.pk)
    assert actor_of(keeper).may("contact", "view")
