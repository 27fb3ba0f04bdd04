"""The OpenID Connect provider, as a client sees it."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.idp.oidc.models import Client as Application
from allauth.idp.oidc.models import Token
from django.test import Client

from accounts.models import User
from core import clock
from tests.accounts.people import MakeUser, bearer, signed_in

pytestmark = pytest.mark.django_db

VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
BACK = "https://app.example.com/back"
SECRET = "the application's secret"


@pytest.fixture
def application(make_user: MakeUser) -> Application:
    made = Application(id="app", name="App", owner=make_user("owner@example.com", "integration"))
    made.set_secret(SECRET)
    made.set_scopes(["openid", "email", "read", "contacts:write"])
    made.set_redirect_uris([BACK])
    made.set_grant_types(["authorization_code", "refresh_token", "client_credentials"])
    made.save()
    return made


@pytest.fixture
def ann(make_user: MakeUser) -> User:
    return make_user("ann@example.com", "sales")


def authorize(browser: Client, **changes: str | None) -> Any:
    asked = {
        "client_id": "app", "response_type": "code", "redirect_uri": BACK, "scope": "openid read", "state": "s1",
        "nonce": "n1", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    } | changes  # fmt: skip
    return browser.get("/identity/o/authorize", {name: value for name, value in asked.items() if value is not None})


def consent(browser: Client, page: Any, scopes: tuple[str, ...] = ("openid", "read")) -> dict[str, str]:
    assert page.status_code == 200, page.content
    form = {"request": page.context["form"]["request"].value(), "scopes": list(scopes), "action": "grant"}
    return parameters_of(browser.post("/identity/o/authorize", form))


def parameters_of(answer: Any) -> dict[str, str]:
    assert answer.status_code == 302, answer.content
    assert answer["Location"].startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}


def exchange(code: str, **changes: str | None) -> Any:
    sent = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "client_id": "app",
        "client_secret": SECRET, "code_verifier": VERIFIER,
    } | changes  # fmt: skip
    return Client().post("/identity/o/api/token", {name: value for name, value in sent.items() if value is not None})


def test_code_with_pkce_end_to_end(application: Application, ann: User) -> None:
    browser = signed_in(ann, enforce_csrf_checks=False)
    back = consent(browser, authorize(browser))
    assert back["state"] == "s1"
    tokens = exchange(back["code"]).json()
    assert tokens["token_type"].lower() == "bearer"

    keys = jwt.PyJWKSet.from_dict(Client().get("/.well-known/jwks.json").json())
    header = jwt.get_unverified_header(tokens["id_token"])
    claims = jwt.decode(tokens["id_token"], keys[header["kid"]].key, algorithms=["RS256"], audience="app")
    assert claims["sub"] == str(ann.pk)
    assert claims["nonce"] == "n1"

    me = Client().get("/api/v1/me", **bearer(tokens["access_token"])).json()
    assert (me["kind"], me["email"]) == ("oauth_client", "ann@example.com")
    assert all(action.startswith("view") for grant in me["grants"] for action in grant["actions"])
    info = Client().get("/identity/o/api/userinfo", **bearer(tokens["access_token"])).json()
    assert info["sub"] == str(ann.pk)

    # A code works once.
    assert exchange(back["code"]).status_code == 400
    renewed = exchange("", grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert renewed.status_code == 200, renewed.content
    assert Client().get("/api/v1/me", **bearer(renewed.json()["access_token"])).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
    ],
)
def test_without_pkce_there_is_no_code(application: Application, ann: User, changes: dict[str, Any]) -> None:
    for skip in (False, True):
        Application.objects.update(skip_consent=skip)
        back = parameters_of(authorize(signed_in(ann), **changes))
        assert back["error"] == "invalid_request"
        assert back["state"] == "s1"
    assert not Token.objects.exists()


def test_the_verifier_must_fit(application: Application, ann: User) -> None:
    for verifier in (None, "x" * 50):
        browser = signed_in(ann)
        code = consent(browser, authorize(browser))["code"]
        assert exchange(code, code_verifier=verifier).status_code == 400
    assert not Token.objects.filter(type=Token.Type.ACCESS_TOKEN).exists()


def test_implicit_flows_are_off(application: Application, ann: User) -> None:
    Application.objects.update(response_types="code\ntoken")
    answer = authorize(signed_in(ann), response_type="token")
    assert "access_token" not in answer["Location"]
    assert "unsupported_response_type" in answer["Location"]


@pytest.mark.parametrize("changes", [{"redirect_uri": "https://evil.example.com/"}, {"client_id": "unknown"}])
def test_an_unknown_address_is_not_redirected_to(application: Application, ann: User, changes: dict[str, str]) -> None:
    for pkce in ({}, {"code_challenge": None}):
        answer = authorize(signed_in(ann), **changes, **pkce)
        assert answer.status_code == 400
        assert "Location" not in answer


def test_strangers_sign_in_first(application: Application) -> None:
    answer = authorize(Client())
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")


def test_scopes_beyond_the_clients_are_refused(application: Application, ann: User) -> None:
    assert parameters_of(authorize(signed_in(ann), scope="openid write"))["error"] == "invalid_scope"


def machine(scope: str = "contacts:write", secret: str = SECRET) -> Any:
    sent = {"grant_type": "client_credentials", "scope": scope, "client_id": "app", "client_secret": secret}
    return Client().post("/identity/o/api/token", sent)


def test_client_credentials_act_for_the_owner(application: Application) -> None:
    token = machine().json()["access_token"]
    me = Client().get("/api/v1/me", **bearer(token)).json()
    assert (me["kind"], me["email"]) == ("oauth_client", "owner@example.com")
    assert {grant["entity"] for grant in me["grants"]} == {"contact"}
    assert machine(secret="wrong").status_code == 401


def test_a_program_makes_no_keys(application: Application) -> None:
    application.set_scopes(["write"])
    application.save()
    token = machine("write").json()["access_token"]
    body = b'{"name": "persistent", "scopes": ["write"]}'
    answer = Client().post("/api/v1/api-keys", body, content_type="application/json", **bearer(token))
    assert answer.status_code == 403


def test_tokens_end(application: Application) -> None:
    token = machine().json()["access_token"]
    Token.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert Client().get("/api/v1/me", **bearer(token)).status_code == 401
    token = machine().json()["access_token"]
    User.objects.update(is_active=False)
    assert Client().get("/api/v1/me", **bearer(token)).json()["code"] == "invalid_credentials"


def test_refresh_tokens_are_no_access_tokens(application: Application, ann: User) -> None:
    browser = signed_in(ann)
    tokens = exchange(consent(browser, authorize(browser))["code"]).json()
    assert Client().get("/api/v1/me", **bearer(tokens["refresh_token"])).status_code == 401


def test_a_token_for_another_resource_is_refused(application: Application, ann: User) -> None:
    browser = signed_in(ann)
    page = authorize(browser, resource="https://other.example.com/")
    tokens = exchange(consent(browser, page)["code"]).json()
    assert Client().get("/api/v1/me", **bearer(tokens["access_token"])).status_code == 401
    page = authorize(browser, resource="http://testserver/api/")
    tokens = exchange(consent(browser, page)["code"]).json()
    assert Client().get("/api/v1/me", **bearer(tokens["access_token"])).status_code == 200


def test_discovery(application: Application) -> None:
    told = Client().get("/.well-known/openid-configuration").json()
    assert told["issuer"] == "http://testserver"
    assert told["response_types_supported"] == ["code"]
    assert told["grant_types_supported"] == ["authorization_code", "client_credentials", "refresh_token"]
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert "contacts:read" in told["scopes_supported"]
