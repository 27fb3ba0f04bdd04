"""API keys: their life from issue to revocation, and what they can never reach."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts import authentication
from accounts.errors import Escalation, InvalidCredentials
from accounts.models import ApiKey, PartnerOrganisation, PartnerPerson
from accounts.services.api_keys import api_keys
from accounts.services.users import users
from core import clock
from core.actors import Actor, ActorKind, Door, Visibility
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.models import Change
from tests.accounts.people import AT, MakeUser, actor_of, bearer, key_of

pytestmark = pytest.mark.django_db


def call(key: str) -> Actor:
    request = RequestFactory().get("/api/v1/me", **bearer(key))
    return authentication.authenticate(request, Door.REST)


def refused(key: str) -> bool:
    with pytest.raises(InvalidCredentials) as refusal:
        call(key)
    return refusal.value.status == 401 and refusal.value.code == "invalid_credentials"


def test_a_key_is_told_once_and_kept_as_a_hash(make_user: MakeUser) -> None:
    told = key_of(make_user("ann@example.com", "sales"))
    assert re.fullmatch(r"bfk_[a-z0-9]{8}_[0-9a-f]{64}", told["key"])
    kept = ApiKey.objects.get(pk=told["id"])
    assert kept.digest == hashlib.sha256(told["key"].encode()).hexdigest()
    assert told["key"].startswith(kept.prefix)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(k)::text FROM accounts_api_key k")
        assert told["key"].rpartition("_")[2] not in cursor.fetchone()[0]
    changes = Change.objects.filter(record_id=kept.pk)
    assert changes
    assert all("digest" not in (change.after or {}) for change in changes)


def test_a_key_acts_as_its_user(make_user: MakeUser) -> None:
    user = make_user("ann@example.com", "sales")
    actor = call(key_of(user)["key"])
    assert actor.kind is ActorKind.API_KEY
    assert actor.user_id == user.pk
    assert actor.label == "test (ann@example.com)"
    assert actor.visibilities("contact", "update") == {Visibility.OWN}
    assert not actor.may("role", "view")


def test_a_request_costs_one_query(make_user: MakeUser) -> None:
    key = key_of(make_user("ann@example.com", "sales", "service"))["key"]
    call(key)
    with CaptureQueriesContext(connection) as queries:
        call(key)
    assert len(queries) == 1


def test_last_use_is_noted_once_a_minute(make_user: MakeUser) -> None:
    told = key_of(make_user("ann@example.com", "sales"))
    call(told["key"])
    first = ApiKey.objects.get(pk=told["id"]).last_used_at
    assert first is not None
    call(told["key"])
    assert ApiKey.objects.get(pk=told["id"]).last_used_at == first
    ApiKey.objects.filter(pk=told["id"]).update(last_used_at=first - timedelta(seconds=61))
    call(told["key"])
    assert ApiKey.objects.get(pk=told["id"]).last_used_at > first


def test_scopes_narrow(make_user: MakeUser) -> None:
    user = make_user("ann@example.com", "sales")
    reading = call(key_of(user, "read")["key"])
    assert reading.may("contact", "view")
    assert not reading.may("contact", "update")
    one = call(key_of(user, "contacts:read", "deals:write")["key"])
    assert one.may("contact", "view")
    assert not one.may("contact", "update")
    assert one.may("deal", "win")
    assert not one.may("company", "view")
    mixed = call(key_of(user, "read", "contacts:write")["key"])
    assert mixed.may("contact", "update")
    assert mixed.may("company", "view")
    assert not mixed.may("company", "update")


def test_a_superusers_key_is_held_by_its_scopes(make_user: MakeUser) -> None:
    user = make_user("root@example.com", is_superuser=True)
    actor = call(key_of(user, "contacts:read")["key"])
    assert not actor.is_superuser
    assert actor.visibilities("contact", "view") == {Visibility.ALL}
    assert not actor.may("user", "view")


@pytest.mark.parametrize(
    "key",
    ["", "bfk_", "bfk_abcdefgh_" + "0" * 64, "bfk_abcdefgh_" + "0" * 63, "nonsense", "é" * 40, "x" * 10_000],
)
def test_a_wrong_key_is_refused_never_anonymous(key: str, db: None) -> None:
    assert refused(key)


def test_another_scheme_is_refused(db: None) -> None:
    request = RequestFactory().get("/", HTTP_AUTHORIZATION="Basic YTpi")
    with pytest.raises(InvalidCredentials):
        authentication.authenticate(request, Door.REST)


def test_expired_revoked_and_deleted_keys_are_refused(make_user: MakeUser) -> None:
    user = make_user("ann@example.com", "sales")
    actor = actor_of(user)
    expired = key_of(user)
    ApiKey.objects.filter(pk=expired["id"]).update(expires_at=clock.now() - timedelta(seconds=1))
    assert refused(expired["key"])
    revoked = key_of(user)
    api_keys.revoke(actor=actor, at=AT, record_id=revoked["id"])
    assert refused(revoked["key"])
    with pytest.raises(Conflict):
        api_keys.rotate(actor=actor, at=AT, record_id=revoked["id"])
    deleted = key_of(user)
    api_keys.delete(actor=actor, at=AT, record_id=deleted["id"])
    assert refused(deleted["key"])


def test_a_key_stops_with_its_user(make_user: MakeUser) -> None:
    user = make_user("ann@example.com", "sales")
    key = key_of(user)["key"]
    call(key)
    user.is_active = False
    user.save()
    assert refused(key)


def test_a_key_stops_with_its_users_partner(make_user: MakeUser) -> None:
    organisation = PartnerOrganisation.objects.create(name="Acme")
    user = make_user("pat@example.com", "integration")
    key = key_of(user)["key"]
    PartnerPerson.objects.create(user=user, organisation=organisation)
    assert call(key).partner_id == organisation.pk
    assert not call(key).may("contact", "view")
    organisation.is_active = False
    organisation.save()
    assert refused(key)


def test_rotation_with_and_without_overlap(make_user: MakeUser) -> None:
    user = make_user("ann@example.com", "sales")
    actor, now = actor_of(user), clock.now()
    first = key_of(user)
    second = api_keys.rotate(actor=actor, at=now, record_id=first["id"], overlap_minutes=10)
    assert second["key"] != first["key"]
    assert call(first["key"]).id == call(second["key"]).id
    ApiKey.objects.filter(pk=first["id"]).update(previous_expires_at=now - timedelta(seconds=1))
    assert refused(first["key"])
    third = api_keys.rotate(actor=actor, at=now, record_id=first["id"])
    assert refused(second["key"])
    call(third["key"])


@pytest.mark.parametrize("scopes", [[], ["everything"], ["contacts:own"], ["unicorns:read"]])
def test_unknown_scopes_are_invalid(make_user: MakeUser, scopes: list[str]) -> None:
    actor = actor_of(make_user("ann@example.com", "sales"))
    with pytest.raises(Invalid):
        api_keys.issue(actor=actor, at=AT, name="x", scopes=scopes)
    assert not ApiKey.objects.exists()


def test_a_key_cannot_be_born_expired(make_user: MakeUser) -> None:
    with pytest.raises(Invalid):
        key_of(make_user("ann@example.com", "sales"), expires_at=AT)


def test_only_administrators_make_keys_for_others(make_user: MakeUser) -> None:
    ann, bob = make_user("ann@example.com", "sales"), make_user("bob@example.com", "sales")
    boss = make_user("boss@example.com", "administrator")
    with pytest.raises(Forbidden):
        key_of(ann, user_id=bob.pk)
    assert not ApiKey.objects.exists()
    assert key_of(boss, user_id=bob.pk)["user_id"] == str(bob.pk)


def test_others_keys_are_out_of_sight(make_user: MakeUser) -> None:
    ann, bob = make_user("ann@example.com", "sales"), make_user("bob@example.com", "sales")
    told = key_of(bob)
    for verb in (api_keys.rotate, api_keys.revoke, api_keys.delete):
        with pytest.raises(NotFound):
            verb(actor=actor_of(ann), at=AT, record_id=told["id"])


def test_an_administrator_makes_no_key_of_a_superuser(make_user: MakeUser) -> None:
    boss = make_user("boss@example.com", "administrator")
    root = make_user("root@example.com", is_superuser=True)
    with pytest.raises(Escalation):
        key_of(boss, user_id=root.pk)


def test_a_key_passes_on_no_more_than_it_has(make_user: MakeUser) -> None:
    user = make_user("ann@example.com", "sales")
    narrow = call(key_of(user, "api-keys:write", "contacts:read")["key"])
    with pytest.raises(Escalation):
        api_keys.issue(actor=narrow, at=AT, name="wider", scopes=["contacts:write"])
    with pytest.raises(Escalation):
        api_keys.issue(actor=narrow, at=AT, name="wider", scopes=["read"])
    own = api_keys.issue(actor=narrow, at=AT, name="same", scopes=["contacts:read"])
    with pytest.raises(Escalation):
        api_keys.update(actor=narrow, at=AT, record_id=own["id"], values={"scopes": ["write"]})
    assert ApiKey.objects.get(pk=own["id"]).scopes == ["contacts:read"]
    wide = key_of(user, "write")
    with pytest.raises(Escalation):
        api_keys.rotate(actor=narrow, at=AT, record_id=wide["id"])
    call(wide["key"])


def test_a_key_makes_none_that_outlives_it(make_user: MakeUser) -> None:
    ends = clock.now() + timedelta(days=1)
    short = call(key_of(make_user("ann@example.com", "sales"), "write", expires_at=ends)["key"])
    with pytest.raises(Escalation):
        api_keys.issue(actor=short, at=AT, name="for ever", scopes=["write"])
    api_keys.issue(actor=short, at=AT, name="as long", scopes=["write"], expires_at=ends)


def test_a_stolen_key_cannot_take_over_the_account(make_user: MakeUser) -> None:
    boss = make_user("boss@example.com", "administrator")
    actor = call(key_of(boss, "write")["key"])
    for values in ({"email": "thief@example.com"}, {"password": "a new and long password"}, {"roles": ["sales"]}):
        with pytest.raises(Forbidden):
            users.update(actor=actor, at=AT, record_id=boss.pk, values=values)


class TestOverRest:
    def send(self, client: Client, method: str, path: str, key: str, content: Any = None) -> Any:
        return client.generic(method, f"/api/v1/{path}", content or b"", content_type="application/json", **bearer(key))

    def test_issue_list_rotate_revoke(self, make_user: MakeUser, client: Client) -> None:
        key = key_of(make_user("ann@example.com", "sales"))["key"]
        made = self.send(client, "POST", "api-keys", key, b'{"name": "CI", "scopes": ["contacts:read"]}')
        assert made.status_code == 201, made.content
        new = made.json()
        assert self.send(client, "GET", "me", new["key"]).status_code == 200
        shown = self.send(client, "GET", f"api-keys/{new['id']}", key).json()
        assert shown["prefix"] == new["prefix"]
        assert "key" not in shown
        assert not any("digest" in name for name in shown)
        rotated = self.send(client, "POST", f"api-keys/{new['id']}/rotate", key, b"{}")
        assert rotated.status_code == 200, rotated.content
        assert self.send(client, "GET", "me", new["key"]).status_code == 401
        assert self.send(client, "GET", "me", rotated.json()["key"]).status_code == 200
        assert self.send(client, "POST", f"api-keys/{new['id']}/revoke", key).json()["revoked_at"]
        answer = self.send(client, "GET", "me", rotated.json()["key"])
        assert answer.status_code == 401
        assert answer.json()["code"] == "invalid_credentials"
        assert answer["WWW-Authenticate"].startswith("Bearer")

    def test_me(self, make_user: MakeUser, client: Client) -> None:
        key = key_of(make_user("ann@example.com", "sales"), "contacts:read")["key"]
        me = self.send(client, "GET", "me", key).json()
        assert me["email"] == "ann@example.com"
        assert me["kind"] == "api_key"
        assert me["roles"] == ["sales"]
        assert {grant["entity"] for grant in me["grants"]} == {"contact"}
