"""Homes of their own for servers that are started, killed and stopped."""

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest
import redis

from core import embedded
from core.embedded import Home, Services
from core.embedded.home import FALLBACKS, read_json, remove_tree

# Nothing here outlives a power cut, and not waiting for the disk is most of the time saved.
running = partial(embedded.running, durable=False)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home")
    yield home
    forget(home)


@pytest.fixture
def other_home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "other")
    yield home
    forget(home)


def forget(home: Home) -> None:
    """Remove what a home keeps elsewhere, in a folder that an ordinary user can reach."""
    elsewhere = read_json(home.path / "data_at.json").get("path")
    if elsewhere and Path(elsewhere).parent == FALLBACKS:
        remove_tree(Path(elsewhere))


def pids(services: Services) -> list[int]:
    """Return the processes of both servers."""
    return [child.pid for child in (services.postgres.child, services.valkey.child) if child]


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def remember(services: Services, value: str) -> None:
    """Write one value to both servers."""
    with psycopg.connect(services.postgres.url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [value])
    broker(services).lpush("kept", value)


def remembered(services: Services) -> tuple[list[str], list[str]]:
    """Return what both servers hold."""
    with psycopg.connect(services.postgres.url) as connection:
        rows = [row[0] for row in connection.execute("SELECT value FROM kept ORDER BY 1").fetchall()]
    return rows, sorted(broker(services).lrange("kept", 0, -1))


def broker(services: Services) -> "redis.Redis":
    return redis.Redis.from_url(services.valkey.url(0), decode_responses=True)
