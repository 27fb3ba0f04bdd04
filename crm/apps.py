"""The customer record and everything that happened."""

from __future__ import annotations

from django.apps import AppConfig


class CrmConfig(AppConfig):
    """Companies, contacts, products, orders, deals, interactions."""

    name = "crm"
    verbose_name = "Customer record"
