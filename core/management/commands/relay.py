from __future__ import annotations

import signal
from threading import Event as Flag
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, close_old_connections

from core import clock
from core.events.relay import hand_over


class Command(BaseCommand):
    help = "Hand events of the outbox to their subscribers, until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Hand over what is waiting and stop.")
        # Polling, because NOTIFY takes a lock over all commits that notify, and a quarter of a second is soon enough.
        parser.add_argument("--interval", type=float, default=0.25, help="Seconds between looks (default: 0.25).")

    def handle(self, *args: Any, once: bool, interval: float, **options: Any) -> None:
        if once:
            while hand_over(at=clock.now()):
                pass
            return
        stop = Flag()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write("Relay is running.")
        while not stop.is_set():
            try:
                busy = hand_over(at=clock.now())
            except (OperationalError, InterfaceError) as error:
                # The database restarts now and then; the relay waits for it.
                self.stderr.write(f"The database does not answer: {error}".strip())
                close_old_connections()
                busy = 0
                stop.wait(2)
            if not busy:
                stop.wait(interval)
