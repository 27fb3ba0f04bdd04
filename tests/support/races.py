"""Calls that happen at once."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

from django.db import connection

from core.errors import DomainError


def at_once(*calls: Callable[[], object]) -> list[str]:
    """Run the calls in threads that start together; returns what came of each."""
    ready, outcomes = Barrier(len(calls)), []

    def run(call: Callable[[], object]) -> None:
        ready.wait(20)
        try:
            call()
            outcomes.append("done")
        except DomainError as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(outcomes)
