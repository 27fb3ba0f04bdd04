"""Admin of accounts. Staff sign in by the same pages as everybody, second factor and lockout included."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin

from accounts.admin.keys import ApiKeyAdmin
from accounts.admin.partners import PartnerOrganisationAdmin, PartnerPersonAdmin
from accounts.admin.people import TeamAdmin, UserAdmin
from accounts.admin.programs import ApplicationAdmin, SecondFactorAdmin
from accounts.admin.roles import RoleAdmin
from accounts.admin.sign_ins import SignInEventAdmin

__all__ = [
    "ApiKeyAdmin",
    "ApplicationAdmin",
    "PartnerOrganisationAdmin",
    "PartnerPersonAdmin",
    "RoleAdmin",
    "SecondFactorAdmin",
    "SignInEventAdmin",
    "TeamAdmin",
    "UserAdmin",
]

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
