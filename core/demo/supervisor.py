"""Starts everything in order, keeps it running, and leaves nothing behind."""

import http.client
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from types import FrameType

import redis

from core.demo import broker, report
from core.demo.children import Child, specs
from core.demo.console import Console
from core.demo.setup import Stage
from core.embedded import AlreadyRunning, EmbeddedServiceError, Home, ports, process, running
from core.embedded.home import read_json, write_json
from core.embedded.services import Services, Urls

DEFAULT_PORT = 8000
TICK = 0.2
HOPELESS_AFTER = 4
STOPPING_TAKES = 15.0
STAGES = ("migrate", "load", "recompute", "report")


class Supervisor:
    """One run of the demo."""

    def __init__(self, home: Home, console: Console, *, is_abandoned: Callable[[], bool] = lambda: False) -> None:
        self.home = home
        self.console = console
        self.is_abandoned = is_abandoned
        self.children: list[Child] = []
        self._asked_to_stop = False
        self._begun = time.monotonic()
        self._services: Services | None = None
        self._urls: Urls | None = None

    def run(self) -> None:
        """Serve until told to stop."""
        wanted = wanted_port()
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, self._on_signal)
        with ExitStack() as stack:
            self._hold(stack)
            port = choose_port(wanted, self.home)
            self._end_orphans()
            stack.callback(self._end)
            self._prepare_and_start(port)
            if self._is_stopping():
                return
            write_json(self.home.path / "demo.json", report.document(self.home, port))
            self.console.block(report.text(self.home, port))
            self.console.line("demo", f"ready after {self._age():.1f} s; Ctrl-C stops everything")
            while not self._is_stopping():
                self._watch()
                time.sleep(TICK)

    def _age(self) -> float:
        return time.monotonic() - self._begun

    def _hold(self, stack: ExitStack) -> None:
        """Take the home and start its servers; a run that is just ending is waited for."""
        given = all(os.environ.get(name) for name in ("DATABASE_URL", "BROKER_URL", "CACHE_URL"))
        with self.console.step("PostgreSQL and Valkey"):
            patience = time.monotonic() + 1.0
            while True:
                try:
                    if given:
                        stack.enter_context(self.home.held())
                    else:
                        self._services = stack.enter_context(running(self.home))
                        self._urls = self._services.start()
                except AlreadyRunning:
                    if self._is_stopping() or (time.monotonic() > patience and not self.home.is_being_left()):
                        raise
                    time.sleep(TICK)
                else:
                    return

    def _prepare_and_start(self, port: int) -> None:
        environment = self._environment(port)
        self.children = [Child(spec, self.console, environment) for spec in specs(self.home, port)]
        for child in self.children:
            if child.spec.name == "worker":
                child.before_start = self._hand_out_again
        if not (self.home.path / "demo_state.json").exists():
            # Nobody may look for tables that are not there yet.
            self._run_stage("Migrations and demo data", environment, *STAGES[:2])
            self._start_missing()
            self._run_stage(
                "First computation by a Celery worker, and report",
                environment,
                *STAGES[2:],
                until=lambda: self._is_serving(port),
            )
        else:
            # Prepared before: the first page comes first, the rest when it is there.
            self.children[0].start()
            self._run_stage("Web and report", environment, *STAGES, until=lambda: self._is_serving(port))
        self._start_missing()

    def _run_stage(
        self,
        title: str,
        environment: dict[str, str],
        *stages: str,
        until: Callable[[], bool] = lambda: True,
    ) -> None:
        """Run stages, and wait for something else beside; what has started is looked after meanwhile."""
        if self._is_stopping():
            return
        with self.console.step(title):
            stage = Stage(self.console, environment, *stages)
            try:
                done = reached = False
                while not self._is_stopping() and not (done and reached):
                    done, reached = stage.is_done(), reached or until()
                    self._watch()
                    time.sleep(TICK / 4)
            finally:
                stage.stop()

    def _is_serving(self, port: int) -> bool:
        """Say whether the web process answers; the others start once it does."""
        web = self.children[0]
        if web.failures >= HOPELESS_AFTER:
            raise EmbeddedServiceError("The web process does not start: the reason stands above.")
        if not answers(port):
            return False
        self.console.line("demo", f"serving on http://{ports.LOOPBACK}:{port} after {self._age():.1f} s")
        self._start_missing()
        return True

    def _hand_out_again(self) -> None:
        """Give the worker what its predecessor was killed over, where the broker is our own."""
        if self._urls and not os.environ.get("BROKER_URL"):
            with suppress(redis.RedisError):
                found = broker.hand_out_again(self._urls.broker)
                if found:
                    self.console.line("demo", f"{found} unfinished tasks go to the new worker")

    def _start_missing(self) -> None:
        if self._is_stopping():
            return
        for child in self.children:
            if not child.started_at:
                child.start()
        self._remember_children()

    def _environment(self, port: int) -> dict[str, str]:
        return {
            **(self._urls.environment() if self._urls else {}),
            "BIFOCAL_ENV": os.environ.get("BIFOCAL_ENV", "development"),
            "BIFOCAL_HOME": str(self.home.path),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DEBUG": os.environ.get("DEBUG", "false"),
            "BASE_URL": os.environ.get("BASE_URL", f"http://127.0.0.1:{port}"),
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS", "ignore"),
        }

    def _watch(self) -> None:
        """Start again whatever has died."""
        if self._services and not (self._services.postgres.alive and self._services.valkey.alive):
            self._revive_servers(self._services)
        before = [child.popen for child in self.children]
        for child in self.children:
            if child.started_at:
                child.watch()
        if before != [child.popen for child in self.children]:
            self._remember_children()

    def _revive_servers(self, services: Services) -> None:
        dead = " and ".join(
            name
            for name, server in (("PostgreSQL", services.postgres), ("Valkey", services.valkey))
            if not server.alive
        )
        with self.console.step(f"{dead} died; starting again"):
            urls = services.start()
        if urls != self._urls:
            # The old port went to somebody else meanwhile: everybody needs the new address.
            self._urls = urls
            environment = urls.environment()
            self._stop_children()
            for child in self.children:
                child.environment = {**child.environment, **environment}
                child.start()

    def _end(self) -> None:
        self._asked_to_stop = True
        self._stop_children()

    def _stop_children(self) -> None:
        running_ones = [child for child in self.children if child.popen]
        if running_ones:
            self.console.line("demo", "stopping " + ", ".join(child.spec.name for child in running_ones))
        for child in running_ones:
            child.ask_to_stop()
        deadline = time.monotonic() + STOPPING_TAKES
        for child in running_ones:
            child.stop(deadline)
        self._remember_children()

    def _remember_children(self) -> None:
        pids = [child.popen.pid for child in self.children if child.popen]
        write_json(self.home.path / "children.json", {"pids": pids})

    def _end_orphans(self) -> None:
        """End what a killed supervisor left, where the kernel did not."""
        for pid in read_json(self.home.path / "children.json").get("pids", []):
            process.end_group(pid, marker=sys.executable, grace=3.0)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._asked_to_stop = True
        self.home.say_leaving()

    def _is_stopping(self) -> bool:
        return self._asked_to_stop or self.is_abandoned()


def wanted_port() -> int | None:
    """Return the port asked for by PORT."""
    said = os.environ.get("PORT", "")
    if not said:
        return None
    if not said.isascii() or not said.isdigit() or not 0 < int(said) < 65_536:
        raise EmbeddedServiceError(f"PORT={said} is no port: give a number from 1 to 65535.")
    return int(said)


def choose_port(wanted: int | None, home: Home) -> int:
    """Return the port to serve on: the one asked for, else last time's or 8000, else a free one."""
    if wanted is None:
        port = ports.choose(home.ports.get("web", DEFAULT_PORT))
    elif ports.is_free(wanted):
        port = wanted
    elif wanted < 1024 and os.geteuid() != 0:
        raise EmbeddedServiceError(f"Port {wanted} is for root alone: choose one above 1023, for example PORT=8000.")
    else:
        raise EmbeddedServiceError(f"Port {wanted} is taken by another program: choose another (PORT=...) or none.")
    if wanted is None:
        home.remember_port("web", port)
    return port


def answers(port: int) -> bool:
    """Say whether the web process answers."""
    connection = http.client.HTTPConnection(ports.LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", "/admin/login/", headers={"Connection": "close"})
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
