"""Partner organisations and their people."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import AccountAdmin
from accounts.models import PartnerOrganisation, PartnerPerson
from core.admin.filters import RelatedFilter


@admin.register(PartnerOrganisation)
class PartnerOrganisationAdmin(AccountAdmin):
    """Companies that sell with us."""

    list_display = ("name", "kind", "country", "owner", "is_active")
    filters = ("kind", "is_active")
    list_select_related = ("owner",)
    ordering = ("name",)
    asked = ("name", "kind", "is_active", "website", "country", "owner", "team", "external_id")


@admin.register(PartnerPerson)
class PartnerPersonAdmin(AccountAdmin):
    """Their people."""

    list_display = ("user", "organisation", "position", "job_title")
    filters = ("position", ("organisation", RelatedFilter))
    list_select_related = ("user", "organisation")
    asked = ("user", "organisation", "position", "job_title")
