"""What every test of accounts needs."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _fast_and_forgetful(settings: Any) -> None:
    """Hashing passwords for real would be most of the run; rate limits of one test must not reach the next."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


@pytest.fixture
def make_user(db: None) -> Callable[..., Any]:
    """Makes users; imported late, because this file is read before Django is set up."""
    make: Callable[..., Any] = import_module("tests.accounts.people").make_user
    return make
