"""The forms that take the code of a second factor: a code is taken once, for as long as it holds."""

from __future__ import annotations

from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms
from django.core.cache import cache

from core.hashing import keyed_hash


class _Once:
    """The library forgets a code after one period; with a tolerance it holds for the periods around too."""

    def clean_code(self) -> str:
        """Raises ValidationError for a code that is wrong or was taken before."""
        code = str(super().clean_code())  # type: ignore[misc] # of the form beside
        periods = 2 * app_settings.TOTP_TOLERANCE + 1
        key = f"second-factor:{self.user.pk}:{keyed_hash('second factor', normalize_user_code(code))}"  # type: ignore[attr-defined] # of the form beside
        if not cache.add(key, 1, timeout=app_settings.TOTP_PERIOD * periods):
            raise get_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(_Once, forms.AuthenticateForm):  # type: ignore[misc] # allauth is untyped
    """At signing in."""


class ReauthenticateForm(_Once, forms.ReauthenticateForm):  # type: ignore[misc]
    """Before something that needs one to have signed in just now."""
