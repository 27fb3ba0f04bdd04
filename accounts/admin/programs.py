"""OAuth applications and second factors, kept by allauth; for superusers, whom alone `has_perm` lets in."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.idp.oidc.admin import ClientAdmin
from allauth.idp.oidc.models import Client, Token
from allauth.mfa.admin import AuthenticatorAdmin
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold.admin import ModelAdmin

# Addresses are those of our users, tokens are of no use to look at, and roles stand in for Django's groups.
admin.site.unregister([EmailAddress, Token, Client, Authenticator, Group])


@admin.register(Client)
class ApplicationAdmin(ClientAdmin, ModelAdmin):  # type: ignore[misc] # both are untyped
    """Applications that sign people in with us, or call for their owner."""

    autocomplete_fields = ("owner",)
    raw_id_fields = ()


@admin.register(Authenticator)
class SecondFactorAdmin(AuthenticatorAdmin, ModelAdmin):  # type: ignore[misc] # both are untyped
    """To take away a second factor that somebody has lost."""

    fields = ("user", "type", "created_at", "last_used_at")
    readonly_fields = fields
    raw_id_fields = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People add their own."""
        return False
