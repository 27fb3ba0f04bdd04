"""Numbers of orders that came without one."""

from __future__ import annotations

from django.db import connection

from crm.models import Order


def next_number() -> str:
    """A number that no live order has. Numbers of refused orders are not used again, so there may be gaps."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('crm_order_number_seq')")
            number = f"O-{cursor.fetchone()[0]:06d}"
        if not Order.objects.alive().filter(number=number).exists():
            return number
