"""Pages of signing in, and the OpenID Connect provider."""

from __future__ import annotations

from allauth.account.urls import urlpatterns as account_patterns
from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from accounts import oidc

# Administrators make accounts and change addresses; the pages for doing so oneself are left out.
_PAGES = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_reauthenticate",
    "account_change_password",
    "account_set_password",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
}

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include([page for page in account_patterns if getattr(page, "name", None) in _PAGES])),
    path("accounts/2fa/", include("allauth.mfa.urls")),
]

if settings.OIDC_ENABLED:
    urlpatterns += [
        # Before allauth's own: it asks for PKCE of public clients only.
        path("identity/o/authorize", oidc.authorize),
        path("", include("allauth.idp.urls")),
    ]
