"""The admin of the customer record."""

from crm.admin import catalogue, customers, deals, home, labels, orders, privacy

__all__ = ["catalogue", "customers", "deals", "home", "labels", "orders", "privacy"]
