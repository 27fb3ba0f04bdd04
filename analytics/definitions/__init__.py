"""The definitions: one portable SQL file each, with what it reads said in its head, and a version made of its text."""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
GRID = "rfm_grid"
_HEAD = re.compile(r"^-- (reads|window): (.+)$", re.MULTILINE)
_COMMENT = re.compile(r"--[^\n]*")
_PARAMETER = re.compile(r"\$([a-z_][a-z0-9_]*)")


@dataclass(frozen=True)
class Definition:
    """One definition. `reads` are facts, other definitions, or the RFM grid; `version` changes with its meaning.

    The version covers the definitions and the grid that it reads, so equal versions mean equal rules all the way down.
    """

    name: str
    sql: str
    reads: tuple[str, ...]
    window: str
    parameters: frozenset[str]
    version: str


@cache
def get(name: str) -> Definition:
    """The definition in `<name>.sql`. Raises FileNotFoundError."""
    text = (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    head = dict(_HEAD.findall(text))
    reads = tuple(item.strip() for item in head["reads"].split(","))
    statement = " ".join(_COMMENT.sub(" ", text).split())
    parts = [statement, *(get(item).version for item in reads if item in names())]
    if GRID in reads:
        parts.append(repr(rfm_grid()))
    version = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return Definition(name, text, reads, head["window"], frozenset(_PARAMETER.findall(statement)), version)


@cache
def names() -> tuple[str, ...]:
    """Every definition's name, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.sql")))


def in_order() -> tuple[Definition, ...]:
    """All definitions, each after those it reads."""
    done: dict[str, Definition] = {}

    def add(name: str) -> None:
        if name in done:
            return
        for item in get(name).reads:
            if item in names():
                add(item)
        done[name] = get(name)

    for name in names():
        add(name)
    return tuple(done.values())


@cache
def rfm_grid() -> tuple[tuple[int, int, str], ...]:
    """(recency quintile, frequency quintile, segment) for all 25. Raises ValueError where the file leaves one open."""
    cells: dict[tuple[int, int], str] = {}
    with (FOLDER / "rfm_segments.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for recency in range(int(row["recency_from"]), int(row["recency_to"]) + 1):
                for frequency in range(int(row["frequency_from"]), int(row["frequency_to"]) + 1):
                    if cells.setdefault((recency, frequency), row["segment"]) != row["segment"]:
                        raise ValueError(f"two RFM segments hold recency {recency}, frequency {frequency}")
    missing = {(r, f) for r in range(1, 6) for f in range(1, 6)} - cells.keys()
    if missing or len(cells) != 25:
        raise ValueError(f"no RFM segment, or a quintile that does not exist, at {sorted(missing or cells)}")
    return tuple((r, f, segment) for (r, f), segment in sorted(cells.items()))
