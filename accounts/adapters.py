"""How allauth's pages and its OpenID Connect provider behave here."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.internal.private_keys import filter_keys
from allauth.idp.oidc.models import PrivateKey
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import scopes
from core import encryption
from core.embedded import Home
from core.embedded.home import write_private


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth is untyped
    """Nobody signs up; staff land in the admin."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by administrators."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Where somebody goes who asked for no page."""
        if getattr(request.user, "is_staff", False):
            return reverse("admin:index")
        return str(super().get_login_redirect_url(request))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Wrong passwords are counted by axes, which locks and says so; a second counter would contradict it."""

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        """By the address of the account; allauth's own looks for it in a table that we leave empty."""
        found = self.authenticate(context.request, email=user.get_username(), password=password)
        return found is not None and found.pk == user.pk


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth is untyped
    """Keeps the secrets of second factors encrypted."""

    def encrypt(self, text: str) -> str:
        """The text as the database keeps it."""
        return encryption.encrypt("mfa", text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The text again, also where the secret key has been rotated."""
        return encryption.decrypt("mfa", encrypted_text.encode()).decode()


class OIDCAdapter(DefaultOIDCAdapter):  # type: ignore[misc] # allauth is untyped
    """Our scopes, our key, and only the flows that we stand for."""

    scope_display = {
        **DefaultOIDCAdapter.scope_display,
        scopes.READ: _("See everything that you can see"),
        scopes.WRITE: _("See and change everything that you can see and change"),
    }

    def populate_server_metadata(self, data: dict[str, Any]) -> None:
        """The discovery document: authorization code with PKCE, client credentials, refresh."""
        data["scopes_supported"] = ["openid", "profile", "email", *scopes.known()]
        data["grant_types_supported"] = ["authorization_code", "client_credentials", "refresh_token"]
        data["response_types_supported"] = ["code"]
        data.pop("device_authorization_endpoint", None)

    def list_private_keys(
        self, *, did_activate: Literal[True] | None = None, is_active: Literal[True] | None = None
    ) -> list[PrivateKey]:
        """The key of the settings; on a development machine, one of this checkout's own."""
        pem = settings.OIDC_PRIVATE_KEY or development_key()
        return list(filter_keys([PrivateKey(pem=pem)], did_activate=did_activate, is_active=is_active))


@lru_cache(maxsize=1)
def development_key() -> str:
    """A key that is made on first use and lasts as long as this checkout's state."""
    home = Home()
    home.prepare()
    path = home.path / "oidc.pem"
    if not path.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(path, pem.decode())
    return path.read_text()
