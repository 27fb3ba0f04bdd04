"""The customer record and everything that happened."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class CrmConfig(AppConfig):
    """Companies, contacts, products, orders, deals, interactions."""

    name = "crm"
    verbose_name = "Customer record"

    def ready(self) -> None:
        """Files that only the customer record can read and write; rules of the lifecycle are told of what happens."""
        import_module("crm.cards.registration").register()
        import_module("crm.subscribers").subscribe_all()
