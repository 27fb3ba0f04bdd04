"""Make the built-in roles that are missing, and grant them what is new in the product."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts.services import built_in_roles
from core import clock


class Command(BaseCommand):
    """Runs after every migration by itself, too."""

    help = __doc__

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Bring the roles up to date."""
        changed = built_in_roles.sync(at=clock.now())
        self.stdout.write(f"{changed} roles brought up to date")
