"""The engine: what computes steps over the lake's files, within limits of memory and threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from analytics.engine.session import DuckEngine, Engine, Lake

__all__ = ["on_engine"]


@contextmanager
def on_engine(lake: Lake) -> Iterator[Engine]:
    """The engine that the settings name, over a lake that was opened."""
    yield DuckEngine(lake.duck)
