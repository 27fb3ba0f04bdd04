"""People for the browser."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.test import Client

from accounts.models import Role, User, UserRole

# Windows that people look through.
WINDOWS: dict[str, dict[str, Any]] = {
    "wide": {},
    "dark": {"color_scheme": "dark"},
    "narrow": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
PASSWORD = "a-long-pass-phrase-of-a-test"


def person(role: str) -> User:
    """Somebody of our staff who holds the role."""
    user = User.objects.create_user(email=f"{role}@example.com", name=role.title(), is_staff=True, password=PASSWORD)
    UserRole.objects.create(user=user, role=Role.objects.get(key=role))
    return user


def session_of(role: str, base: str) -> Any:
    """The cookie of such a person who has signed in."""
    client = Client()
    client.force_login(person(role), backend="accounts.backends.AccountBackend")
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": base,
    }
