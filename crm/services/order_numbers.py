"""Numbers of orders that came without one."""

from __future__ import annotations

from crm.models import Order
from crm.services import numbers


def next_number() -> str:
    """A number that no live order has; there may be gaps."""
    return numbers.next_number(Order, "crm_order_number_seq", "O")
