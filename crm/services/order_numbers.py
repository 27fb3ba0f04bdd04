"""Numbers of orders that came without one."""

from __future__ import annotations

from django.db import connection

from crm.models import Order


def next_numbers(count: int) -> list[str]:
    """Numbers that no live order has. Those of refused orders are not used again, so there may be gaps."""
    found: list[str] = []
    while len(found) < count:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('crm_order_number_seq') FROM generate_series(1, %s)", [count - len(found)])
            offered = [f"O-{number:06d}" for (number,) in cursor.fetchall()]
        taken = set(Order.objects.alive().filter(number__in=offered).values_list("number", flat=True))
        found += [number for number in offered if number not in taken]
    return found
