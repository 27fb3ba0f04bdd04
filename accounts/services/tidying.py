"""Throwing away what signing in leaves behind once it is of no use."""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.idp.oidc.models import Token
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session

# Longer than any lock lasts.
KEEP_ATTEMPTS = timedelta(days=7)


def tidy(*, at: datetime) -> int:
    """Remove sessions and tokens that have expired and failed attempts that no longer count; returns how many rows."""
    sessions, _ = Session.objects.filter(expire_date__lt=at).delete()
    tokens, _ = Token.objects.filter(expires_at__lt=at).delete()
    attempts, _ = AccessAttempt.objects.filter(attempt_time__lt=at - KEEP_ATTEMPTS).delete()
    return int(sessions + tokens + attempts)
