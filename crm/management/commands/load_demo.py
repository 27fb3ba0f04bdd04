"""Load the demo's people, business-to-business and grocery data; what is there already is left alone."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from core import clock
from core.embedded.home import read_json, write_json
from core.history.context import acting
from crm.demo import complete_journey, people, sales_pipeline
from crm.demo.people import ACTOR, Credentials, People

CREDENTIALS = "demo_credentials.json"


class Command(BaseCommand):
    """One transaction for each data set: after a kill, the next run goes on where the last one ended."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--credentials", type=Path, default=Path(settings.BIFOCAL_HOME) / CREDENTIALS)

    def handle(self, *_args: Any, credentials: Path, **_options: Any) -> None:
        at = clock.now()
        with transaction.atomic():
            acting(ACTOR, at)
            staff, made = people.load(Credentials.from_dict(read_json(credentials)), at)
            credentials.parent.mkdir(parents=True, exist_ok=True)
            # Before the commit: whoever finds the people finds their passwords too.
            write_json(credentials, made.as_dict())
        self.stdout.write(
            f"people: {len(staff.users)} users in {len(staff.teams)} teams, {len(staff.partners)} partners"
        )
        self._load("sales pipeline", sales_pipeline.is_loaded, sales_pipeline.load, staff, at)
        self._load("complete journey", complete_journey.is_loaded, complete_journey.load, staff, at)

    def _load(
        self,
        name: str,
        is_loaded: Callable[[], bool],
        load: Callable[[People, datetime], dict[str, int]],
        staff: People,
        at: datetime,
    ) -> None:
        begun = time.monotonic()
        with transaction.atomic():
            if is_loaded():
                self.stdout.write(f"{name}: there already")
                return
            acting(ACTOR, at)
            made = load(staff, at)
        counts = ", ".join(f"{count:,} {what}" for what, count in made.items())
        self.stdout.write(f"{name}: {counts} ({time.monotonic() - begun:.1f} s)")
