"""The audit of signing in."""

from __future__ import annotations

from datetime import datetime

from accounts.models import SignInEvent, User


def note(
    *,
    kind: SignInEvent.Kind,
    user: User | None,
    email: str | None,
    method: str,
    ip: str | None,
    user_agent: str | None,
    at: datetime,
) -> SignInEvent:
    """Add one attempt. Where only an address is known, its user is looked up."""
    known = user or (User.objects.alive().filter(email=email).first() if email else None)
    return SignInEvent.objects.create(
        kind=kind,
        user_id=known.pk if known else None,
        email=email,
        method=method,
        ip=ip,
        user_agent=(user_agent or "").replace("\x00", "")[:300] or None,
        created_at=at,
        updated_at=at,
    )
