"""Users, teams, roles, partners, keys: who can sign in and what they may do."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    """Listens to signing in, and keeps the built-in roles in step with what can be granted."""

    name = "accounts"
    verbose_name = "People and access"

    def ready(self) -> None:
        """Models are loaded only now."""
        import_module("accounts.sign_in").connect()
        import_module("core.jobs.acting").register(import_module("accounts.selectors.actors").again)
        post_migrate.connect(self._sync_roles, sender=self, dispatch_uid="accounts.sync_roles")

    def _sync_roles(self, using: str, **_: Any) -> None:
        # Nothing to do on the way down, or half the way up.
        present = set(connections[using].introspection.table_names())
        if {"accounts_grant", "core_change"} <= present:
            services = import_module("accounts.services.built_in_roles")
            services.sync(at=import_module("core.clock").now())
