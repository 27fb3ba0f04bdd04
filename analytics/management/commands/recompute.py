"""Compute all metrics anew, by a worker, and wait for it."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analytics.services import recompute
from core.actors import SYSTEM
from core.clock import now
from core.errors import DomainError
from core.models.job import Job
from core.registry.types import DateTime, TypeFault

PAUSE = 0.2
OVER = (Job.Status.SUCCEEDED, Job.Status.FAILED, Job.Status.CANCELLED)


class Command(BaseCommand):
    """Send a recomputation to a Celery worker, show its progress, and wait until it is over."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what can be said."""
        parser.add_argument("--as-of", help="The moment to look back from (RFC 3339, or a date); now if not given.")
        parser.add_argument("--full", action="store_true", help="Copy all facts into the lake anew.")
        parser.add_argument("--timeout", type=float, default=600.0, help="Seconds to wait for the worker.")

    def handle(self, *_args: Any, as_of: str | None, full: bool, timeout: float, **_options: Any) -> None:
        """Ask, follow, and say how it ended."""
        try:
            moment = DateTime().parse(as_of) if as_of else None
            self.follow(moment, full=full, timeout=timeout)
        except (DomainError, TypeFault) as error:
            raise CommandError(str(error)) from error

    def follow(self, as_of: datetime | None, *, full: bool, timeout: float) -> None:
        """Ask for a recomputation and wait for its end. Raises CommandError where it does not succeed in time."""
        job = recompute.request(actor=SYSTEM, at=now(), as_of=as_of, full_sync=full)
        deadline, said = time.monotonic() + timeout, ""
        while job.status not in OVER:
            if time.monotonic() > deadline:
                raise CommandError(
                    f"No worker has finished the recomputation within {timeout:g} s; it goes on as a job."
                )
            time.sleep(PAUSE)
            job.refresh_from_db()
            said = self._say(job, said)
        if job.status != Job.Status.SUCCEEDED:
            raise CommandError(f"The recomputation {job.status}: {job.message}")
        result = job.result or {}
        self.stdout.write(f"{result.get('contacts')} contacts computed, {result.get('changed')} of them changed")

    def _say(self, job: Job, said: str) -> str:
        line = f"{job.done}/{job.total} {job.message}" if job.total else job.message
        if line and line != said:
            self.stdout.write(line)
        return line
