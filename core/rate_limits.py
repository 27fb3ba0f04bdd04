"""Requests per caller and window, counted in the cache with one atomic round trip; REST and GraphQL share the count."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
import structlog
from django.conf import settings

from core.errors import TooManyRequests

logger = structlog.get_logger(__name__)

# Counts and reads the time left in one step, so that a counter without an end cannot come to be.
_SCRIPT = """
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  left = tonumber(ARGV[2])
end
return {count, left}
"""
_DIGEST = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()
# While the cache is away, requests pass and do not each wait for it.
_PAUSE = 5.0
_TIMEOUT = 0.25


@dataclass(frozen=True, slots=True)
class Quota:
    """So many requests in a window of so many seconds."""

    requests: int
    seconds: int
    name: str = "default"


@dataclass(frozen=True, slots=True)
class Usage:
    """What is left of a quota now."""

    quota: Quota
    remaining: int
    reset: int
    exceeded: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """The response headers that publish it."""
        return {
            "RateLimit-Policy": f'"{self.quota.name}";q={self.quota.requests};w={self.quota.seconds}',
            "RateLimit-Limit": str(self.quota.requests),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


class _Line(threading.local):
    """A connection for each thread: the client's pool and retries would cost more than the count itself."""

    connection: Any = None
    process = 0


class Limiter:
    """Counts in one Redis or Valkey. Fails open: an outage of the cache is no outage of the API."""

    def __init__(self, url: str, prefix: str) -> None:
        self._pool = redis.ConnectionPool.from_url(
            url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT, protocol=2
        )
        self._prefix = prefix
        self._line = _Line()
        self._away_until = 0.0

    def take(self, caller: str, quota: Quota, cost: int = 1) -> Usage | None:
        """Count a request. None where nothing is known (no limit is set, or the cache is down)."""
        if quota.requests <= 0 or time.monotonic() < self._away_until:
            return None
        try:
            count, left = self._count(f"{self._prefix}:rate:{caller}", cost, quota.seconds * 1000)
        except (redis.RedisError, OSError) as error:
            self._away_until = time.monotonic() + _PAUSE
            logger.warning("rate_limits_suspended", reason=str(error), seconds=_PAUSE)
            return None
        reset = max(1, -(-int(left) // 1000))
        return Usage(quota, max(0, quota.requests - int(count)), reset, exceeded=int(count) > quota.requests)

    def _count(self, key: str, cost: int, window: int) -> tuple[int, int]:
        """The count of this window, and its milliseconds left; once more where the line was cut since the last time."""
        try:
            return self._evaluate(key, cost, window)
        except (redis.ConnectionError, OSError):
            self._hang_up()
            return self._evaluate(key, cost, window)

    def _evaluate(self, key: str, cost: int, window: int) -> tuple[int, int]:
        connection = self._connection()
        try:
            connection.send_packed_command(
                [_packed("EVALSHA", _DIGEST, "1", key, str(cost), str(window))], check_health=False
            )
            count, left = connection.read_response()
        except redis.exceptions.NoScriptError:
            connection.send_command("EVAL", _SCRIPT, 1, key, cost, window)
            count, left = connection.read_response()
        except BaseException:
            # An answer that was not read would be taken for the next one's.
            self._hang_up()
            raise
        return int(count), int(left)

    def _connection(self) -> Any:
        line = self._line
        if line.connection is None or line.process != os.getpid():
            line.connection, line.process = self._pool.get_connection(), os.getpid()
        return line.connection

    def _hang_up(self) -> None:
        connection, self._line.connection = self._line.connection, None
        if connection is not None:
            connection.disconnect()
            self._pool.release(connection)


def _packed(*words: str) -> bytes:
    """A command on the wire (RESP). The client's own packer takes as long as the round trip."""
    parts = [word.encode() for word in words]
    return b"*%d\r\n%b" % (len(parts), b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts))


@cache
def limiter() -> Limiter:
    """The limiter on the project's cache."""
    where = settings.CACHES["default"]
    return Limiter(where["LOCATION"], where.get("KEY_PREFIX", ""))


def take(caller: str, cost: int = 1) -> Usage | None:
    """Count a request of this caller against the quota of the settings. Raises TooManyRequests when it is used up."""
    usage = limiter().take(caller, Quota(settings.BIFOCAL_RATE_LIMIT, settings.BIFOCAL_RATE_LIMIT_SECONDS), cost)
    if usage is not None and usage.exceeded:
        raise RateExceeded(usage)
    return usage


class RateExceeded(TooManyRequests):
    """The quota is used up until the window ends."""

    def __init__(self, usage: Usage) -> None:
        super().__init__(
            f"At most {usage.quota.requests} requests in {usage.quota.seconds} s.", retry_after=usage.reset
        )
        self.usage = usage

    @property
    def headers(self) -> dict[str, str]:
        """When to come back, and the quota."""
        return {"Retry-After": str(self.usage.reset), **self.usage.headers}
