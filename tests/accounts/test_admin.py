"""The admin of accounts: every page opens, and writing goes by the services."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiKey, PartnerOrganisation, PartnerPerson, Role, SignInEvent, Team, User
from core.models import Change
from tests.accounts.people import PASSWORD, MakeUser, bearer, key_of, signed_in

pytestmark = pytest.mark.django_db

PAGES = ("user", "team", "role", "apikey", "partnerorganisation", "partnerperson", "signinevent")


@pytest.fixture
def boss(make_user: MakeUser) -> User:
    return make_user("boss@example.com", "administrator", is_staff=True)


@pytest.fixture
def admin(boss: User) -> Client:
    return signed_in(boss)


def errors_of(answer: Any) -> Any:
    form = (answer.context or {}).get("adminform")
    return form.form.errors if form else None


@pytest.mark.parametrize("page", PAGES)
def test_pages_open(admin: Client, make_user: MakeUser, page: str) -> None:
    user = make_user("pat@example.com")
    key_of(make_user("ann@example.com", "sales"))
    Team.objects.create(name="North")
    person = PartnerPerson.objects.create(user=user, organisation=PartnerOrganisation.objects.create(name="Acme"))
    SignInEvent.objects.create(kind="success", user=user, email=user.email, method="password")
    records = {
        "user": user, "team": Team.objects.get(), "role": Role.objects.get(key="sales"), "apikey": ApiKey.objects.get(),
        "partnerorganisation": person.organisation, "partnerperson": person,
        "signinevent": SignInEvent.objects.earliest("id"),
    }  # fmt: skip
    assert admin.get(f"/admin/accounts/{page}/").status_code == 200
    assert admin.get(f"/admin/accounts/{page}/?q=example").status_code == 200
    assert admin.get(f"/admin/accounts/{page}/{records[page].pk}/change/").status_code == 200
    adding = admin.get(f"/admin/accounts/{page}/add/").status_code
    assert adding == (403 if page == "signinevent" else 200)


def test_applications_and_second_factors_are_for_superusers(admin: Client, make_user: MakeUser) -> None:
    root = signed_in(make_user("root@example.com", is_staff=True, is_superuser=True))
    for page in ("allauth_idp_oidc/client/", "allauth_idp_oidc/client/add/", "mfa/authenticator/"):
        assert root.get(f"/admin/{page}").status_code == 200
        assert admin.get(f"/admin/{page}").status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_without_grants_nothing_opens(make_user: MakeUser, page: str) -> None:
    client = signed_in(make_user("nobody@example.com", is_staff=True))
    assert client.get(f"/admin/accounts/{page}/").status_code == 403
    assert client.get(f"/admin/accounts/{page}/add/").status_code == 403


def test_making_and_changing_a_user(admin: Client) -> None:
    values = {
        "email": "New@example.com", "name": "New", "password": PASSWORD, "roles": ["sales"], "time_zone": "Europe/Rome",
    }  # fmt: skip
    answer = admin.post("/admin/accounts/user/add/", values)
    assert answer.status_code == 302, errors_of(answer)
    user = User.objects.get(email="new@example.com")
    assert user.check_password(PASSWORD)
    assert [role.key for role in user.roles.all()] == ["sales"]
    assert Change.objects.filter(record_id=user.pk, operation="insert").first().door == "admin"
    page = admin.get(f"/admin/accounts/user/{user.pk}/change/")
    assert user.password not in page.content.decode()
    changed = values | {
        "email": "new@example.com",
        "name": "Newer",
        "password": "",
        "roles": ["service"],
        "is_active": "on",
    }
    answer = admin.post(f"/admin/accounts/user/{user.pk}/change/", changed)
    assert answer.status_code == 302, errors_of(answer)
    user.refresh_from_db()
    assert user.name == "Newer"
    assert user.check_password(PASSWORD)
    assert [role.key for role in user.roles.all()] == ["service"]


def test_refusals_stand_on_the_form(admin: Client, boss: User) -> None:
    values = {"email": "new@example.com", "name": "New", "password": "short", "time_zone": "UTC"}
    answer = admin.post("/admin/accounts/user/add/", values)
    assert answer.status_code == 200
    assert "password" in errors_of(answer)
    answer = admin.post("/admin/accounts/user/add/", values | {"password": PASSWORD, "is_superuser": "on"})
    assert answer.status_code == 200
    assert "superuser" in str(errors_of(answer))
    assert User.objects.count() == 1


def test_editing_grants(admin: Client) -> None:
    values = {"key": "callers", "name": "Callers", "grants:contact:view": "all", "grants:contact:update": "own"}
    answer = admin.post("/admin/accounts/role/add/", values)
    assert answer.status_code == 302, errors_of(answer)
    role = Role.objects.get(key="callers")
    assert set(role.grants.values_list("entity", "visibility")) == {("contact", "all"), ("contact", "own")}
    page = admin.get(f"/admin/accounts/role/{role.pk}/change/").content.decode()
    shown = re.search(r'name="grants:contact:update".*?</select>', page, re.DOTALL)
    assert shown
    assert re.search(r'value="own"\s+selected', shown.group())
    answer = admin.post(f"/admin/accounts/role/{role.pk}/change/", {"name": "Callers", "grants:deal:view": "team"})
    assert answer.status_code == 302, errors_of(answer)
    assert list(role.grants.values_list("entity", "visibility")) == [("deal", "team")]


def test_a_key_is_shown_once(admin: Client, boss: User) -> None:
    values = {"name": "CI", "user": str(boss.pk), "scopes": ["contacts:read"], "expires_at_0": "", "expires_at_1": ""}
    answer = admin.post("/admin/accounts/apikey/add/", values, follow=True)
    assert errors_of(answer) is None
    shown = re.search(r"bfk_[a-z0-9]{8}_[0-9a-f]{64}", answer.content.decode())
    assert shown
    assert Client().get("/api/v1/me", **bearer(shown.group())).status_code == 200
    key = ApiKey.objects.get()
    again = admin.get(f"/admin/accounts/apikey/{key.pk}/change/").content.decode()
    assert shown.group() not in again
    assert key.digest not in again
    chosen = {"_selected_action": [str(key.pk)]}
    answer = admin.post("/admin/accounts/apikey/", chosen | {"action": "rotate"}, follow=True)
    assert re.search(r"bfk_[a-z0-9]{8}_[0-9a-f]{64}", answer.content.decode())
    assert Client().get("/api/v1/me", **bearer(shown.group())).status_code == 401
    admin.post("/admin/accounts/apikey/", chosen | {"action": "revoke"})
    assert ApiKey.objects.get().revoked_at


def test_deleting_is_soft_and_can_be_refused(admin: Client, make_user: MakeUser) -> None:
    team = Team.objects.create(name="North")
    bob = make_user("bob@example.com", team=team)
    answer = admin.post(f"/admin/accounts/team/{team.pk}/delete/", {"post": "yes"}, follow=True)
    assert "still has members" in answer.content.decode()
    assert admin.post(f"/admin/accounts/user/{bob.pk}/delete/", {"post": "yes"}).status_code == 302
    bob.refresh_from_db()
    assert bob.deleted_at
    assert not bob.is_active
    admin.post(f"/admin/accounts/team/{team.pk}/delete/", {"post": "yes"})
    team.refresh_from_db()
    assert team.deleted_at


def test_addresses_of_lists_do_not_probe_hidden_values(make_user: MakeUser) -> None:
    seller = signed_in(make_user("sally@example.com", "sales", is_staff=True))
    for query in ("user/?password__startswith=pbkdf2", "apikey/?digest__startswith=a", "user/?team__name=x"):
        answer = seller.get(f"/admin/accounts/{query}")
        assert answer.status_code == 400, query
    assert seller.get("/admin/accounts/user/?is_active__exact=1&state=deleted").status_code == 200
    assert seller.get("/admin/crm/product/?unit_cost__gt=1").status_code == 400
    assert seller.get("/admin/crm/product/?unit_price__gt=1").status_code == 200
