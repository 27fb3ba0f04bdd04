"""Signing in by the pages: password, second factor, lockout, sessions, and the audit of it all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.conf import settings as django_settings
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from accounts.authentication import authenticate
from accounts.models import SignInEvent, User
from accounts.services import tidying
from core import clock
from core.actors import Door
from tests.accounts.people import AT, PASSWORD, MakeUser, bearer, key_of, signed_in

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"


def sign_in(client: Client, email: str, password: str = PASSWORD, **headers: str) -> Any:
    return client.post(LOGIN, {"login": email, "password": password}, **headers)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def audit() -> list[tuple[str, str | None, str]]:
    return list(SignInEvent.objects.order_by("id").values_list("kind", "email", "method"))


def test_by_address_in_any_case(make_user: MakeUser, client: Client) -> None:
    user = make_user("ann@example.com")
    answer = sign_in(client, " Ann@Example.com ", HTTP_USER_AGENT="Firefox")
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)
    event = SignInEvent.objects.get()
    assert (event.kind, event.user_id, event.email) == ("success", user.pk, "ann@example.com")
    assert (event.method, event.ip, event.user_agent) == ("password", "127.0.0.1", "Firefox")
    client.post("/accounts/logout/")
    assert not is_signed_in(client)
    assert audit()[-1] == ("logout", "ann@example.com", "session")


def test_staff_come_to_the_admin_by_the_same_page(make_user: MakeUser, client: Client) -> None:
    make_user("staff@example.com", "administrator", is_staff=True)
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith(LOGIN)
    assert sign_in(client, "staff@example.com")["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_the_admins_own_form_is_no_way_around(make_user: MakeUser, client: Client) -> None:
    make_user("staff@example.com", is_staff=True)
    answer = client.post("/admin/login/", {"username": "staff@example.com", "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"].startswith(LOGIN)
    assert not is_signed_in(client)


def test_who_is_not_staff_does_not_enter_the_admin(make_user: MakeUser) -> None:
    client = signed_in(make_user("ann@example.com", "sales"))
    assert client.get("/admin/").status_code in (302, 403)
    assert client.get("/admin/login/").status_code == 403


def test_a_wrong_password_and_an_unknown_address_look_the_same(make_user: MakeUser, client: Client) -> None:
    make_user("ann@example.com")
    wrong, unknown = sign_in(client, "ann@example.com", "wrong"), sign_in(client, "nobody@example.com", "wrong")
    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].errors == unknown.context["form"].errors
    assert audit() == [("failure", "ann@example.com", "password"), ("failure", "nobody@example.com", "password")]
    assert SignInEvent.objects.filter(user__isnull=False).count() == 1


@pytest.mark.parametrize("change", [{"is_active": False}, {"deleted_at": "2026-01-01T00:00:00Z", "is_active": False}])
def test_the_inactive_stay_out(make_user: MakeUser, client: Client, change: dict[str, Any]) -> None:
    user = make_user("ann@example.com")
    before = signed_in(user)
    User.objects.filter(pk=user.pk).update(**change)
    sign_in(client, "ann@example.com")
    assert not is_signed_in(client)
    # A session from before ends, too.
    assert before.get("/api/v1/me").status_code == 401


def test_nobody_signs_up(client: Client) -> None:
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")
    assert client.get("/accounts/signup/").status_code == 404
    assert client.get("/accounts/email/").status_code == 404


@pytest.mark.parametrize("page", ["login/", "password/reset/", "2fa/", "password/change/", "logout/"])
def test_pages_open(make_user: MakeUser, page: str) -> None:
    client = Client() if page in {"login/", "password/reset/"} else signed_in(make_user("ann@example.com"))
    assert client.get(f"/accounts/{page}").status_code == 200


def test_a_reset_by_mail(make_user: MakeUser, client: Client, mailoutbox: list[Any]) -> None:
    make_user("ann@example.com")
    assert client.post("/accounts/password/reset/", {"email": "ann@example.com"}).status_code == 302
    assert client.post("/accounts/password/reset/", {"email": "nobody@example.com"}).status_code == 302
    assert [mail.to for mail in mailoutbox] == [["ann@example.com"]]


class TestLockout:
    def test_too_many_failures_lock_and_say_so(self, make_user: MakeUser, client: Client) -> None:
        make_user("ann@example.com")
        for _ in range(django_settings.AXES_FAILURE_LIMIT - 1):
            assert sign_in(client, "ann@example.com", "wrong").status_code == 200
        answer = sign_in(client, "ANN@example.com", "wrong")
        assert answer.status_code == 429
        assert "locked for 15 minutes" in answer.content.decode()
        assert answer["Retry-After"] == "900"
        answer = sign_in(client, "ann@example.com")
        assert answer.status_code == 429
        assert not is_signed_in(client)
        kinds = [kind for kind, _, _ in audit()]
        assert kinds == ["failure"] * 4 + ["lockout"] * 2

    def test_others_are_not_locked_with_them(self, make_user: MakeUser, client: Client) -> None:
        make_user("ann@example.com")
        make_user("bob@example.com")
        for _ in range(django_settings.AXES_FAILURE_LIMIT):
            sign_in(client, "ann@example.com", "wrong")
        assert sign_in(client, "bob@example.com").status_code == 302

    def test_success_forgets_failures(self, make_user: MakeUser) -> None:
        make_user("ann@example.com")
        for _ in range(2):
            client = Client()
            for _ in range(django_settings.AXES_FAILURE_LIMIT - 1):
                sign_in(client, "ann@example.com", "wrong")
            assert sign_in(client, "ann@example.com").status_code == 302


class TestSecondFactor:
    @staticmethod
    def code(secret: str, drift: int = 0) -> str:
        counter = next(iter(yield_hotp_counters_from_time()))
        return str(format_hotp_value(hotp_value(secret, counter + drift)))

    @pytest.fixture
    def secret(self, make_user: MakeUser) -> str:
        made = generate_totp_secret()
        TOTP.activate(make_user("ann@example.com", is_staff=True), made)
        return str(made)

    def test_the_password_alone_is_not_enough(self, secret: str, client: Client) -> None:
        answer = sign_in(client, "ann@example.com")
        assert answer["Location"] == reverse("mfa_authenticate")
        assert not is_signed_in(client)
        assert client.get("/admin/").status_code == 302
        assert client.get("/api/v1/me").status_code == 401
        answer = client.post(reverse("mfa_authenticate"), {"code": "000000"})
        assert not is_signed_in(client)
        client.post(reverse("mfa_authenticate"), {"code": self.code(secret)})
        assert is_signed_in(client)
        assert audit() == [("failure", "ann@example.com", "totp"), ("success", "ann@example.com", "password+totp")]

    def test_codes_cannot_be_tried_out(self, secret: str, client: Client) -> None:
        sign_in(client, "ann@example.com")
        for _ in range(5):
            client.post(reverse("mfa_authenticate"), {"code": "000000"})
        answer = client.post(reverse("mfa_authenticate"), {"code": self.code(secret)})
        assert "Too many failed" in str(answer.context["form"].errors)
        assert not is_signed_in(client)

    def test_a_code_works_once(self, secret: str, client: Client) -> None:
        code = self.code(secret)
        for expected in (True, False):
            client.logout()
            sign_in(client, "ann@example.com")
            client.post(reverse("mfa_authenticate"), {"code": code})
            assert is_signed_in(client) is expected
            # The library's own note of it goes after half a minute, while the code still holds.
            cache.delete(f"allauth.mfa.totp.used?user={Authenticator.objects.get().user_id}&code={code}")

    def test_the_secret_is_encrypted(self, secret: str) -> None:
        kept = Authenticator.objects.get().data["secret"]
        assert secret not in kept
        assert get_adapter().decrypt(kept) == secret

    def test_it_survives_a_new_secret_key(self, secret: str, settings: Any) -> None:
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another-key-" * 5
        assert get_adapter().decrypt(Authenticator.objects.get().data["secret"]) == secret

    def test_it_is_set_up_by_the_pages(self, make_user: MakeUser, client: Client) -> None:
        make_user("bob@example.com")
        sign_in(client, "bob@example.com")
        again = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        assert again.status_code == 302
        page = client.get(reverse("mfa_activate_totp"))
        assert page.status_code == 200
        secret = page.context["form"].secret
        answer = client.post(reverse("mfa_activate_totp"), {"code": self.code(secret)})
        assert answer.status_code == 302
        assert set(Authenticator.objects.values_list("type", flat=True)) == {"totp", "recovery_codes"}

    def test_a_security_key_can_be_added(self, make_user: MakeUser, client: Client) -> None:
        make_user("bob@example.com")
        sign_in(client, "bob@example.com")
        again = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        assert again.status_code == 302
        page = client.get(reverse("mfa_add_webauthn"))
        assert page.status_code == 200
        options = page.context["js_data"]["creation_options"]["publicKey"]
        assert options["user"]["name"] == "bob@example.com"


class TestSessions:
    """A browser's session reads freely; writing takes the CSRF token."""

    @pytest.fixture
    def client(self, make_user: MakeUser) -> Client:
        make_user("ann@example.com", "sales")
        client = Client(enforce_csrf_checks=True)
        token = client.get(LOGIN).cookies["csrftoken"].value
        answer = sign_in(client, "ann@example.com", HTTP_X_CSRFTOKEN=token)
        assert answer.status_code == 302
        return client

    def send(self, client: Client, method: str, path: str, body: bytes = b"{}", **headers: str) -> Any:
        return client.generic(method, path, body, content_type="application/json", **headers)

    def test_reading_needs_no_token(self, client: Client) -> None:
        assert client.get("/api/v1/me").json()["kind"] == "user"

    def test_writing_does(self, client: Client) -> None:
        body = b'{"name": "Ann B."}'
        path = f"/api/v1/users/{client.session['_auth_user_id']}"
        for headers in ({}, {"HTTP_X_CSRFTOKEN": "a" * 32}):
            answer = self.send(client, "PATCH", path, body, **headers)
            assert answer.status_code == 403
            assert answer.json()["code"] == "csrf_failed"
        assert User.objects.get().name == "ann"
        token = client.cookies["csrftoken"].value
        assert self.send(client, "PATCH", path, body, HTTP_X_CSRFTOKEN=token).status_code == 200
        assert User.objects.get().name == "Ann B."

    def test_a_key_needs_no_token_even_beside_a_session(self, client: Client) -> None:
        user = User.objects.get()
        answer = self.send(
            client, "PATCH", f"/api/v1/users/{user.pk}", b'{"name": "By key"}', **bearer(key_of(user)["key"])
        )
        assert answer.status_code == 200

    def test_a_bad_key_beside_a_session_is_refused(self, client: Client) -> None:
        assert client.get("/api/v1/me", **bearer("bfk_wrong")).status_code == 401

    def test_a_new_password_ends_other_sessions(self, client: Client) -> None:
        user = User.objects.get()
        user.set_password("another long passphrase")
        user.save()
        assert client.get("/api/v1/me").status_code == 401


def test_nobody_is_anonymous_to_the_api(client: Client, db: None) -> None:
    answer = client.get("/api/v1/me")
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"


def test_administrators_read_the_audit(make_user: MakeUser, client: Client) -> None:
    boss, ann = make_user("boss@example.com", "administrator"), make_user("ann@example.com", "sales")
    sign_in(client, "ann@example.com", "wrong")
    sign_in(client, "boss@example.com")
    seen = client.get("/api/v1/sign-ins", **bearer(key_of(boss)["key"])).json()
    text = str(seen)
    assert "ann@example.com" in text
    assert "boss@example.com" in text
    own = str(client.get("/api/v1/sign-ins", **bearer(key_of(ann)["key"])).json())
    assert "ann@example.com" in own
    assert "boss@example.com" not in own


def test_the_first_password_by_a_reset(make_user: MakeUser, client: Client, mailoutbox: list[Any]) -> None:
    user = make_user("new@example.com")
    user.set_unusable_password()
    user.save()
    client.post("/accounts/password/reset/", {"email": "new@example.com"})
    link = next(word for word in mailoutbox[0].body.split() if "/password/reset/key/" in word)
    page = client.get(link, follow=True)
    answer = client.post(page.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
    assert answer.status_code == 302
    assert sign_in(client, "new@example.com").status_code == 302
    assert is_signed_in(client)


def test_the_deleted_get_no_reset(make_user: MakeUser, client: Client, mailoutbox: list[Any]) -> None:
    make_user("gone@example.com", is_active=False, deleted_at=AT)
    client.post("/accounts/password/reset/", {"email": "gone@example.com"})
    assert not mailoutbox


def test_a_superuser_from_the_command_line(client: Client) -> None:
    call_command("createsuperuser", email="Root@Example.com", name="Root", interactive=False)
    user = User.objects.get()
    assert (user.email, user.is_superuser, user.is_staff) == ("root@example.com", True, True)


def test_a_session_costs_three_queries(make_user: MakeUser, client: Client) -> None:
    make_user("ann@example.com", "sales")
    sign_in(client, "ann@example.com")
    client.get("/api/v1/me")
    request = client.get("/api/v1/me").wsgi_request
    del request._bifocal_actor
    request.session = client.session.__class__(client.session.session_key)
    with CaptureQueriesContext(connection) as queries:
        request.user = get_user(request)
        authenticate(request, Door.REST)
    assert len(queries) == 3


def test_tidying(make_user: MakeUser, client: Client) -> None:
    make_user("ann@example.com")
    sign_in(client, "ann@example.com", "wrong")
    sign_in(client, "ann@example.com")
    assert Session.objects.exists()
    assert tidying.tidy(at=clock.now()) == 0
    assert tidying.tidy(at=clock.now() + timedelta(days=60)) >= 1
    assert not Session.objects.exists()
