"""The audit of signing in."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import AccountAdmin
from accounts.models import SignInEvent
from core.admin.filters import RelatedFilter


@admin.register(SignInEvent)
class SignInEventAdmin(AccountAdmin):
    """Read only: the entity offers no verbs."""

    list_display = ("created_at", "kind", "email", "method", "ip", "user_agent")
    filters = ("kind", ("user", RelatedFilter))
    told = ("created_at", "kind", "user", "email", "method", "ip", "user_agent")
