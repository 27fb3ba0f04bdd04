"""The admin of the customer record."""

from crm.admin import cases, catalogue, customers, deals, events, files, home, labels, orders, privacy, work

__all__ = [
    "cases",
    "catalogue",
    "customers",
    "deals",
    "events",
    "files",
    "home",
    "labels",
    "orders",
    "privacy",
    "work",
]
