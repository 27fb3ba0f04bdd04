"""Numbers of records that came without one."""

from __future__ import annotations

from django.db import connection, models


def next_number(model: type[models.Model], sequence: str, prefix: str) -> str:
    """A number that no live record has. Numbers of refused records are not used again, so there may be gaps."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(%s)", [sequence])
            number = f"{prefix}-{cursor.fetchone()[0]:06d}"
        if not model._default_manager.filter(number=number, deleted_at__isnull=True).exists():
            return number
