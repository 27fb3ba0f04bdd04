"""Migrations, demo data, first recomputation and report: the stages of `make demo` that need Django."""

import hashlib
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from core.embedded.errors import disk_full, mentions_full_disk
from core.embedded.home import read_json, write_json

STAGES = ("migrate", "load", "recompute", "report")
AT_EVERY_START = ("migrate", "report")


class Command(BaseCommand):
    """Run the named stages, each step once per database."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("stages", nargs="+", choices=STAGES)

    def handle(self, *_args: Any, stages: list[str], **_options: Any) -> None:
        try:
            self._run_stages(stages)
        except (OSError, DatabaseError) as error:
            if mentions_full_disk(f"{error!r} {error.__cause__!r}"):
                raise CommandError(str(disk_full(settings.BIFOCAL_HOME))) from error
            raise

    def _run_stages(self, stages: list[str]) -> None:
        for stage in stages:
            if stage == "report" and not self._state.exists():
                # The supervisor reads from it that there is nothing left to prepare.
                write_json(self._state, {})
            if stage == "migrate":
                self._migrate()
                continue
            for step in settings.DEMO_STEPS[stage]:
                self._run(step, again=stage in AT_EVERY_START)

    def _migrate(self) -> None:
        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        if waiting:
            self.stdout.write(f"applying {waiting} migrations")
            call_command("migrate", interactive=False, verbosity=0, stdout=self.stdout)

    def _run(self, step: str, *, again: bool) -> None:
        if step not in get_commands():
            self.stdout.write(f"{step}: not there yet, skipped")
            return
        if not again and self._is_done(step):
            self.stdout.write(f"{step}: done before")
            return
        begun = time.monotonic()
        call_command(step, stdout=self.stdout)
        if not again:
            self._mark_done(step)
            self.stdout.write(f"{step}: done in {time.monotonic() - begun:.1f} s")

    def _is_done(self, step: str) -> bool:
        return step in read_json(self._state).get(self._database(), [])

    def _mark_done(self, step: str) -> None:
        state = read_json(self._state)
        state[self._database()] = [*state.get(self._database(), []), step]
        write_json(self._state, state)

    @property
    def _state(self) -> Any:
        return settings.BIFOCAL_HOME / "demo_state.json"

    def _database(self) -> str:
        """Return what tells this database from any other, also from one made anew in its place."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT oid::text, (SELECT system_identifier::text FROM pg_control_system()) "
                "FROM pg_database WHERE datname = current_database()"
            )
            return hashlib.sha256(":".join(cursor.fetchone()).encode()).hexdigest()[:16]
