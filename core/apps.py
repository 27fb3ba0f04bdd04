"""The ground of all apps: no business nouns."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Errors, actors, events, jobs, criteria, and what both APIs are generated from."""

    name = "core"
    verbose_name = "Data"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Find what the apps declare; imported only now, when all models are loaded."""
        import_module("core.registry.discovery").discover()
        holders = import_module("core.personal.holders")
        holders.register(import_module("core.exports.forgetting").EXPORTS)
        holders.register(import_module("core.imports.forgetting").IMPORTS)
