"""What a recomputation is made of: steps, each of which makes one table from facts and from tables of other steps."""

from __future__ import annotations

import hashlib
from functools import cache

from analytics.steps import definitions
from analytics.steps.declared import MODELS
from analytics.steps.definitions import Definition
from analytics.steps.models import Model

Step = Definition | Model

# The step with a row for every contact, which is stored as their metrics.
PROFILES = "customer_profiles"

_MODELS = {model.name: model for model in MODELS}


@cache
def names() -> tuple[str, ...]:
    """Every step's name, sorted. Raises ValueError where a model is named like a definition."""
    twice = _MODELS.keys() & set(definitions.names())
    if twice:
        raise ValueError(f"both a definition and a model: {sorted(twice)}")
    return tuple(sorted((*_MODELS, *definitions.names())))


def get(name: str) -> Step:
    """The step of that name. Raises KeyError."""
    if name not in names():
        raise KeyError(name)
    return _MODELS.get(name) or definitions.get(name)


@cache
def version(name: str) -> str:
    """Changes with the meaning of a step, and of the steps that it reads: equal versions, equal rules all the way."""
    step = get(name)
    parts = [step.text, *(version(item) for item in step.reads if item in names())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@cache
def in_order() -> tuple[Step, ...]:
    """All steps, each after those it reads; otherwise by name. Raises ValueError where they read each other."""
    done: dict[str, Step] = {}
    open_: list[str] = []

    def add(name: str) -> None:
        if name in done:
            return
        if name in open_:
            raise ValueError(f"steps that read each other: {' > '.join((*open_, name))}")
        open_.append(name)
        for item in get(name).reads:
            if item in names():
                add(item)
        done[open_.pop()] = get(name)

    for name in names():
        add(name)
    return tuple(done.values())


__all__ = ["MODELS", "PROFILES", "Definition", "Model", "Step", "get", "in_order", "names", "version"]
