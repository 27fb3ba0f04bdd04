"""The servers of one test run."""

import os
from contextlib import ExitStack
from itertools import count

import pytest
import redis

from core.embedded import AlreadyRunning, Home, running
from core.embedded.home import PROJECT

DATABASES_PER_WORKER = 2


def start_for(config: pytest.Config) -> None:
    """Start servers in the controller, then point this process at its own part of them."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        stack = ExitStack()
        config.add_cleanup(stack.close)
        _start(stack)
    _point_at_own_part(int(worker.removeprefix("gw")) + 1 if worker else 0)


def _start(stack: ExitStack) -> None:
    given = os.environ.get("TEST_DATABASE_URL"), os.environ.get("TEST_REDIS_URL")
    if all(given) and os.environ.get("TEST_ON_GIVEN_SERVICES"):
        os.environ["DATABASE_URL"], os.environ["TEST_VALKEY"] = given[0] or "", given[1] or ""
        return
    # Runs side by side in one checkout each take the first home that is free, and find its template there.
    for number in count():
        home = Home(PROJECT / ".bifocal" / f"test-{number}")
        try:
            services = stack.enter_context(running(home, durable=False))
        except AlreadyRunning:
            continue
        urls = services.start()
        os.environ["DATABASE_URL"] = urls.database
        os.environ["TEST_VALKEY"] = urls.cache.rpartition("/")[0]
        # The home is used again and again; what the last run left in the broker is nobody's.
        with redis.Redis.from_url(urls.cache) as client:
            client.flushall()
        return


def _point_at_own_part(number: int) -> None:
    base, first = os.environ["TEST_VALKEY"], number * DATABASES_PER_WORKER
    os.environ["BROKER_URL"] = f"{base}/{first}"
    os.environ["CACHE_URL"] = f"{base}/{first + 1}"
