"""Calls that happen at once."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

from django.db import connection, transaction

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


def meanwhile(
    held: Callable[[], object], arriving: Callable[[], object], then: Callable[[], object] = lambda: None
) -> str:
    """Do `held` in a transaction, and end it, with `then`, only once `arriving`, begun after it, waits or is over.

    Returns what came of `arriving`.
    """
    outcomes: list[str] = []

    def arrive() -> None:
        try:
            arriving()
            outcomes.append("done")
        except DomainError as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    other = Thread(target=arrive)
    with transaction.atomic():
        held()
        other.start()
        while other.is_alive() and not _somebody_waits():
            other.join(0.01)
        then()
    other.join(30)
    return outcomes[0]


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])
