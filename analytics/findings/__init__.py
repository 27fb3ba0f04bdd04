"""Findings: what the figures say that is worth acting on, each with its evidence and with whom it is about.

A finding is declared by a source that is registered here: a function of the moment to look back from that reads stored
results. Higher apps register theirs in `ready`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from analytics.models import MetricRun


@dataclass(frozen=True)
class Finding:
    """One finding.

    key: its name for programs. title, statement: in a few words, and in a sentence with figures. action: what to do.
    customers: how many it is about. amount: what is at stake, in the base currency. evidence: the figures, as JSON.
    criteria: which contacts it is about, in the language of searches and segments; None where it is about none.
    run: the computation that it follows from.
    """

    key: str
    title: str
    statement: str
    action: str
    run: MetricRun
    customers: int | None = None
    amount: Decimal | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    criteria: dict[str, Any] | None = None


# Called with the moment that results look back from no later than; raises NotComputedYet where there is no result.
Source = Callable[[datetime | None], Iterable[Finding]]

_sources: dict[str, Source] = {}


def register(name: str, source: Source) -> None:
    """Add a source of findings. Raises ValueError where another has the name."""
    if _sources.setdefault(name, source) is not source:
        raise ValueError(f"two sources of findings are called {name!r}")


def sources() -> tuple[Source, ...]:
    """All sources, by name."""
    return tuple(_sources[name] for name in sorted(_sources))
