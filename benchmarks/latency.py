"""Requests that are repeated on one connection, and how long they take."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from benchmarks.place import Server
from core.embedded import ports

API_LIMIT_MS = 50.0


@dataclass(frozen=True)
class Page:
    """One request that is repeated, and the milliseconds that its p99 should not exceed."""

    name: str
    method: str
    path: str
    body: Any = None
    limit_ms: float = API_LIMIT_MS


class Client:
    """One keep-alive connection, as a program for the APIs and as an administrator for the admin."""

    def __init__(self, server: Server, key: str, cookie: str = "") -> None:
        self._connection = http.client.HTTPConnection(ports.LOOPBACK, server.port, timeout=120)
        self._program = {"Authorization": f"Bearer {key}", "X-Forwarded-Proto": "https"}
        self._person = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}", "X-Forwarded-Proto": "https"}

    def offers(self, page: Page) -> bool:
        """Whether there is such a page: a model may be registered with the admin and shown to nobody."""
        return not page.path.startswith("/admin") or self._send(page)[0] not in (403, 404)

    def ask(self, page: Page) -> Any:
        """The answer; raises SystemExit for a refusal or a failure."""
        status, content = self._send(page)
        if status not in (200, 201):
            raise SystemExit(f"{page.name}: {page.path} was answered {status}: {content[:500]!r}")
        return json.loads(content) if page.path.startswith("/api") else content

    def timed(self, page: Page) -> float:
        """Milliseconds until the answer is there."""
        began = time.perf_counter()
        self.ask(page)
        return (time.perf_counter() - began) * 1000

    def _send(self, page: Page) -> tuple[int, bytes]:
        body = None if page.body is None else json.dumps(page.body)
        headers = self._person if page.path.startswith("/admin") else self._program
        content_type = {"Content-Type": "application/json"} if body else {}
        self._connection.request(page.method, page.path, body, headers | content_type)
        response = self._connection.getresponse()
        return response.status, response.read()


def percentiles(times: Sequence[float]) -> dict[str, float]:
    """The median and the 99th percentile; of less than a hundred times, the latter is the longest."""
    times = sorted(times)
    return {"p50_ms": round(times[len(times) // 2], 2), "p99_ms": round(times[int(len(times) * 0.99)], 2)}
