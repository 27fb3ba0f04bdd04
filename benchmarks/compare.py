"""The product against the floor: the same calls in turns, in the same run, on the same database."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks import place, seed
from benchmarks.cases import Case, cases, check, over_http
from benchmarks.place import Server
from core.embedded import Home, ports
from core.embedded.home import PROJECT

SIZE = seed.Size(contacts=100_000, companies=10_000)
CONNECTIONS = 8
WARM_UP = 0.5
TARGETS = {
    "list_contacts": 0.25,
    "get_contact": 0.25,
    "search_contacts": 0.4,
    "create_contact": 0.25,
    "graphql_companies_contacts": 0.08,
}


@dataclass
class Figures:
    """The rounds of one case on one server."""

    rounds: list[dict[str, Any]] = field(default_factory=list)

    def median(self, name: str) -> float:
        """The median over the rounds."""
        return float(median(item[name] for item in self.rounds))


def run(home: Home, *, rounds: int, seconds: float, only: Sequence[str]) -> dict[str, dict[str, float]]:
    """Measure, print the table, write .bifocal/bench.json."""
    seed.fill(SIZE)
    # A run that was killed left its rows.
    seed.clean_up()
    key = seed.api_key()
    with place.product(home) as product, place.floor(home) as floor:
        chosen = [case for case in cases(over_http(product, key)) if not only or case.name in only]
        print(heading())
        try:
            results = {case.name: _measure(case, product, floor, key, rounds, seconds) for case in chosen}
        finally:
            seed.clean_up()
    if not only:
        _write(results, home)
    return results


def _measure(case: Case, product: Server, floor: Server, key: str, rounds: int, seconds: float) -> dict[str, float]:
    numbers = iter(range(0, 90_000_000, 100_000))
    asks = over_http(product, key), over_http(floor, None)
    least, bare_least = check(case, *asks, next(numbers))
    wires = [call.wire(product, key) for call in case.product], [call.wire(floor, None) for call in case.floor]
    ours, bare = Figures(), Figures()
    # A round of the floor, a round of the product: what else happens on the machine hits both.
    for _ in range(rounds):
        for server, requests, bytes_, figures in (
            (floor, wires[1], bare_least, bare),
            (product, wires[0], least, ours),
        ):
            job = {
                "host": ports.LOOPBACK,
                "port": server.port,
                "requests": requests,
                "status": case.status,
                # Names differ in length; an answer with errors is shorter by far.
                "least_bytes": bytes_ // 2,
                "connections": CONNECTIONS,
                "warm_up": WARM_UP,
                "seconds": seconds,
                "first_number": next(numbers),
            }
            figures.rounds.append(_load(job, case.name))
    check(case, *asks, next(numbers))
    result = {
        "rps": round(ours.median("rps"), 1),
        "floor_rps": round(bare.median("rps"), 1),
        "ratio": round(ours.median("rps") / bare.median("rps"), 3),
        "p50_ms": round(ours.median("p50_ms"), 2),
        "p99_ms": round(ours.median("p99_ms"), 2),
    }
    _print(case.name, result, ours.median("client_cpu"), bare.median("client_cpu"))
    return result


def _load(job: dict[str, Any], name: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        cwd=PROJECT, input=json.dumps(job), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr.strip().splitlines()[-1]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _print(name: str, result: dict[str, float], *client_cpu: float) -> None:
    target = TARGETS[name]
    print(
        f"{name:28}{result['rps']:9.1f}{result['floor_rps']:11.1f}{result['ratio']:8.3f}{target:8.2f}"
        f"{'' if result['ratio'] >= target else ' missed':8}{result['p50_ms']:8.2f}{result['p99_ms']:9.2f}"
        f"{client_cpu[0]:9.0%}{client_cpu[1]:7.0%}",
        flush=True,
    )


def heading() -> str:
    """The head of the table. The last columns are the share of one core that the client itself took."""
    return (
        f"{SIZE.contacts:,} contacts, {SIZE.companies:,} companies, {CONNECTIONS} connections, requests a second\n"
        f"{'case':28}{'product':>9}{'floor':>11}{'ratio':>8}{'target':>8}{'':8}{'p50 ms':>8}{'p99 ms':>9}"
        f"{'client':>9}{'floor':>7}"
    )


def _write(results: dict[str, dict[str, float]], home: Home) -> None:
    path = home.path.parent / "bench.json"
    path.write_text(json.dumps(results, indent=2) + "\n")
    print(f"written to {path.relative_to(PROJECT)}")
