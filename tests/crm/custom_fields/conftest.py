"""A caller who may do everything, over HTTP."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.fixture
def owner(client: Client, db: None, django_user_model: type) -> Client:
    """Signed in as a superuser."""
    client.force_login(django_user_model.objects.create_superuser(email="owner@example.com", password="x" * 20))  # type: ignore[attr-defined]
    return client
