"""The customer record at a million contacts, five million interactions and ten million events."""

from __future__ import annotations

from benchmarks import crowd, seed
from core.embedded import Home

SIZE = seed.Size(contacts=1_000_000, companies=100_000, orders=300_000, interactions=300_000, deals=100_000)


def run(home: Home) -> None:
    """Fill, measure, print."""
    seed.fill(SIZE)
    crowd.fill()
