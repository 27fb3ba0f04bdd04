"""Users and teams."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectMultipleWidget

from accounts.admin.base import AccountAdmin
from accounts.models import Role, Team, User
from core.admin.filters import RelatedFilter
from core.admin.forms import RecordForm
from core.admin.widgets import SuggestedText


class UserForm(RecordForm):
    """With roles, and a password that is never shown."""

    password = forms.CharField(
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="A new password. Without one, new people sign in after a reset by e-mail.",
    )
    roles = forms.MultipleChoiceField(required=False, widget=UnfoldAdminSelectMultipleWidget)
    time_zone = forms.CharField(initial="UTC", widget=SuggestedText(sorted(available_timezones())))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.pop("password", None)
        if "roles" not in self.fields:
            return
        field = self.fields["roles"]
        field.choices = list(Role.objects.alive().order_by("name").values_list("key", "name"))  # type: ignore[attr-defined]
        if not self.is_new:
            self.initial["roles"] = list(self.instance.roles.filter(deleted_at=None).values_list("key", flat=True))


@admin.register(User)
class UserAdmin(AccountAdmin):
    """People who sign in."""

    form = UserForm
    list_display = ("email", "name", "team", "role_names", "is_active", "is_staff", "last_login")
    filters = ("is_active", "is_staff", "is_superuser", ("team", RelatedFilter))
    list_select_related = ("team", "partner")
    search_fields = ("email", "name")
    ordering = ("email",)
    asked = ("email", "name", "password", "roles", "team", "time_zone", "is_staff", "is_superuser")
    told = ("partner", "last_login", "created_at")
    headline = ("email", "team", "partner", "last_login", "created_at")
    badges = ("is_active", "is_staff", "is_superuser")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Who is new is active."""
        fields = super().get_fields(request, obj)
        return fields if obj is None else ["is_active", *fields]

    def get_queryset(self, request: HttpRequest) -> Any:
        """With roles, which the list shows."""
        return super().get_queryset(request).prefetch_related("roles")

    @admin.display(description="roles")
    def role_names(self, user: User) -> str:
        """The roles held."""
        return ", ".join(sorted(role.name for role in user.roles.all() if role.deleted_at is None))


@admin.register(Team)
class TeamAdmin(AccountAdmin):
    """The tree of teams."""

    list_display = ("name", "parent", "created_at")
    list_select_related = ("parent",)
    ordering = ("name",)
    asked = ("name", "parent", "external_id")
