"""Erase again everyone in the ledger of erasures: run it after a backup was restored, before anybody signs in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from core import clock
from crm.services import erasures


class Command(BaseCommand):
    """May be run as often as one likes."""

    help = __doc__

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Erase, and remove what lies outside of the database as far as that can be done at once."""
        at = clock.now()
        found = erasures.replay(at=at)
        left = erasures.finish_all(at=at)
        self.stdout.write(f"{found} people had data again and were erased; {left} erasures are not complete yet")
