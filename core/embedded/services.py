"""PostgreSQL and Valkey together: started once per home, shared by the commands of a checkout."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.embedded import process
from core.embedded.errors import AlreadyRunning, EmbeddedServiceError
from core.embedded.home import Home, read_json, write_json
from core.embedded.postgres import Postgres
from core.embedded.privileges import service_user
from core.embedded.valkey import Valkey

START_WITHIN = 60.0
BROKER_DATABASE, CACHE_DATABASE = 0, 1


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the servers answer."""

    database: str
    broker: str
    cache: str

    def settings(self) -> dict[str, str]:
        """Return the variables by which settings find the servers."""
        return {"DATABASE_URL": self.database, "BROKER_URL": self.broker, "CACHE_URL": self.cache}

    def environment(self) -> dict[str, str]:
        """Return those variables; what the user has set wins."""
        return {name: os.environ.get(name) or value for name, value in self.settings().items()}


class Services:
    """The servers of one home, as children of this process."""

    def __init__(self, home: Home, *, durable: bool = True) -> None:
        self.home = home
        user = service_user()
        root = home.data_root(user)
        self.postgres = Postgres(home, root=root, user=user, durable=durable)
        self.valkey = Valkey(home, root=root, user=user, durable=durable)

    def start(self) -> Urls:
        """Start what does not run, and say where all of it answers."""
        for server in (self.postgres, self.valkey):
            if not server.alive:
                server.start()
        urls = Urls(
            database=self.postgres.url,
            broker=self.valkey.url(BROKER_DATABASE),
            cache=self.valkey.url(CACHE_DATABASE),
        )
        write_json(
            self.home.path / "services.json",
            {"database": urls.database, "broker": urls.broker, "cache": urls.cache, "holder": os.getpid()},
        )
        return urls

    def stop(self) -> None:
        """Stop both; the second even where the first refuses."""
        try:
            self.valkey.stop()
        finally:
            self.postgres.stop()


@contextmanager
def running(home: Home, *, durable: bool = True) -> Iterator[Services]:
    """Hold the home and run its servers for the duration."""
    with home.held():
        services = Services(home, durable=durable)
        try:
            services.start()
            yield services
        finally:
            services.stop()


@contextmanager
def borrowed(home: Home, *, on_start: Callable[[], None] = lambda: None) -> Iterator[Urls]:
    """Use the servers that run, or run them for the duration where none do."""
    with ExitStack() as stack:
        try:
            services = stack.enter_context(running(home))
        except AlreadyRunning:
            stack.enter_context(home.used())
            urls = _join(home)
        else:
            on_start()
            urls = services.start()
            # Another command may have joined; it is not cut off.
            stack.callback(home.wait_for_users)
        yield urls


def _join(home: Home) -> Urls:
    found = addresses(home)
    if found is None and process.wait_until(lambda: addresses(home) is not None, START_WITHIN):
        found = addresses(home)
    if found is None:
        raise EmbeddedServiceError("Another process is starting the servers and does not get ready; try again.")
    return found


def addresses(home: Home | None = None, path: Path | None = None) -> Urls | None:
    """Return where the running servers of a home answer, or None."""
    home = home or Home(path)
    known = read_json(home.path / "services.json")
    if not known or not home.is_held():
        return None
    return Urls(database=known["database"], broker=known["broker"], cache=known["cache"])
