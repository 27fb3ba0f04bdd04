"""A lean HTTP client: keep-alive connections in one thread, prepared requests, answers measured and hardly parsed.

Run as a process of its own (`python -m benchmarks.load`) with a job as JSON on standard input; prints its result.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

MARK = b"########"
BUFFER = 1 << 18


@dataclass(slots=True)
class Connection:
    """One keep-alive connection with a request on its way."""

    socket: socket.socket
    started: float = 0.0
    buffer: bytearray = field(default_factory=bytearray)
    need: int = 0


class UnexpectedAnswer(RuntimeError):
    """An answer that is not what is measured; what stood on the wire is the message."""


def requests_of(job: dict[str, Any]) -> Iterator[bytes]:
    """The requests in turn; where a request has the mark, it gets a number of its own."""
    number = int(job["first_number"])
    for request in cycle([text.encode() for text in job["requests"]]):
        if MARK in request:
            yield request.replace(MARK, b"%08d" % number)
            number += 1
        else:
            yield request


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Keep every connection busy for the given time; raises UnexpectedAnswer at the first wrong one."""
    requests = requests_of(job)
    status, least = f"HTTP/1.1 {job['status']} ".encode(), int(job["least_bytes"])
    poll = select.poll()
    connections: dict[int, Connection] = {}
    for _ in range(job["connections"]):
        plain = socket.create_connection((job["host"], job["port"]))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connections[plain.fileno()] = Connection(plain)
        poll.register(plain.fileno(), select.POLLIN)
    cpu, clock = time.process_time(), time.perf_counter
    measured_from = clock() + job["warm_up"]
    until = measured_from + job["seconds"]
    latencies: list[float] = []
    for connection in connections.values():
        connection.started = clock()
        connection.socket.sendall(next(requests))
    waiting = len(connections)
    while waiting:
        for number, _ in poll.poll(30_000) or _silence():
            connection = connections[number]
            if not _is_whole(connection, status, least):
                continue
            now = clock()
            if connection.started >= measured_from and now <= until:
                latencies.append(now - connection.started)
            if now < until:
                connection.started = now
                connection.socket.sendall(next(requests))
            else:
                waiting -= 1
    for connection in connections.values():
        connection.socket.close()
    latencies.sort()
    return {
        "count": len(latencies),
        "rps": len(latencies) / job["seconds"],
        "p50_ms": _quantile(latencies, 0.50) * 1000,
        "p99_ms": _quantile(latencies, 0.99) * 1000,
        "client_cpu": (time.process_time() - cpu) / (job["warm_up"] + job["seconds"]),
    }


def _silence() -> Any:
    raise UnexpectedAnswer("nothing came for 30 seconds")


def _is_whole(connection: Connection, status: bytes, least: int) -> bool:
    """Take in what has come; whether the answer is complete."""
    part = connection.socket.recv(BUFFER)
    if not part:
        raise UnexpectedAnswer(f"the server closed the connection after {bytes(connection.buffer[:300])!r}")
    buffer = connection.buffer
    buffer += part
    if not connection.need:
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(buffer[:end]).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if not buffer.startswith(status) or length < least:
            raise UnexpectedAnswer(bytes(buffer[:1000]).decode(errors="replace"))
        connection.need = end + 4 + length
    if len(buffer) < connection.need:
        return False
    buffer.clear()
    connection.need = 0
    return True


def _quantile(ordered: list[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else float("nan")


if __name__ == "__main__":
    print(json.dumps(run(json.load(sys.stdin))))
