"""Where a computation keeps the tables it makes: a folder of Parquet files, from which a killed one goes on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analytics.lake import files

FOLDER = "results"
_STATE = "state.json"


@dataclass
class Results:
    """The tables of one computation. `made` maps the steps whose file is whole to the version that made it."""

    folder: Path
    origin: Mapping[str, Any]
    made: dict[str, str] = field(default_factory=dict)

    def path(self, step: str) -> Path:
        return self.folder / f"{step}.parquet"

    def has(self, step: str, version: str) -> bool:
        """Whether the step was computed by this version."""
        return self.made.get(step) == version and self.path(step).exists()

    def keep(self, step: str, version: str, written: Path) -> None:
        """Take over a file that was written elsewhere on the same disk; from now on the step counts as computed."""
        files.make_durable(written)
        written.replace(self.path(step))
        self.made[step] = version
        self._note()

    def _note(self) -> None:
        draft = self.folder / f"{_STATE}.new"
        draft.write_text(json.dumps({"origin": dict(self.origin), "made": self.made}), encoding="utf-8")
        files.make_durable(draft)
        draft.replace(self.folder / _STATE)


def root() -> Path:
    return files.root() / FOLDER


def opened(name: str, origin: Mapping[str, Any]) -> Results:
    """The folder of a computation; what it holds of another origin (lake, parameters, engine) is thrown away.

    origin: plain JSON that says what the tables follow from, besides the versions of the steps.
    """
    folder = root() / name
    state = _state(folder)
    if state is not None and state["origin"] == dict(origin):
        return Results(folder, origin, dict(state["made"]))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return Results(folder, origin)


def kept(name: str) -> Results | None:
    """The folder of a computation that was made earlier, if it is still there."""
    state = _state(root() / name)
    return None if state is None else Results(root() / name, state["origin"], dict(state["made"]))


def _state(folder: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((folder / _STATE).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return found


@dataclass(frozen=True)
class Kept:
    """Which folders stay: some whole, and of some only the tables of certain steps."""

    whole: frozenset[str]
    partly: frozenset[str] = frozenset()
    steps: frozenset[str] = frozenset()


def collect(kept: Kept) -> None:
    """Remove what is not among `kept`. Call it while holding the lock of computations."""
    for folder in root().glob("*"):
        if folder.name in kept.whole:
            continue
        if folder.name not in kept.partly:
            shutil.rmtree(folder, ignore_errors=True)
            continue
        for path in folder.glob("*.parquet"):
            if path.stem not in kept.steps:
                path.unlink(missing_ok=True)
