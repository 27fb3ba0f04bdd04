"""Definitions: one portable SQL file each. Its head says what it reads; its version is made of its text."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "definitions"
PARTS = FOLDER / "parts"
GRID = "rfm_grid"
_HEAD = re.compile(r"^-- (reads|window|key|result|inlines): (.+)$", re.MULTILINE)
_FIRST_WORD = re.compile(r"^(WITH|SELECT)\b", re.MULTILINE)
_COMMENT = re.compile(r"--[^\n]*")
_PARAMETER = re.compile(r"\$([a-z_][a-z0-9_]*)")


@dataclass(frozen=True)
class Definition:
    """One definition.

    reads: facts, other steps, or the RFM grid. window: which facts it looks at, in words. key: the columns that its
    rows are known and ordered by. is_report: whether its rows are an answer of their own, kept whole with the run.
    """

    name: str
    sql: str
    reads: tuple[str, ...]
    window: str
    key: tuple[str, ...]
    is_report: bool
    parameters: frozenset[str]

    @property
    def text(self) -> str:
        """What its version is made of: the statement without comments, and the grid where it reads that."""
        return bare(self.sql) + (f"\n{rfm_grid()!r}" if GRID in self.reads else "")


@cache
def names() -> tuple[str, ...]:
    """Every definition's name, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.sql")))


@cache
def get(name: str) -> Definition:
    """The definition in `<name>.sql`. Raises FileNotFoundError, and KeyError where its head lacks something."""
    sql = text(name)
    head = dict(_HEAD.findall(sql))
    for name_of_part in _listed(head.get("inlines", "")):
        sql = with_table(sql, name_of_part, part(name_of_part))
    return Definition(
        name=name,
        sql=sql,
        reads=_listed(head["reads"]),
        window=head["window"],
        key=_listed(head["key"]),
        is_report=head.get("result") == "report",
        parameters=frozenset(_PARAMETER.findall(bare(sql))),
    )


def text(name: str) -> str:
    """A definition's own words, without the parts that it inlines. Raises FileNotFoundError."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def part(name: str) -> str:
    """The query in `parts/<name>.sql`: what several definitions read, and none keeps as a table, being too large."""
    return (PARTS / f"{name}.sql").read_text(encoding="utf-8")


def with_table(sql: str, name: str, query: str) -> str:
    """The statement with a query as its first common table expression, under a name that it reads."""
    return _FIRST_WORD.sub(
        lambda found: f"WITH {name} AS (\n{query})" + (",\n" if found[0] == "WITH" else "\nSELECT"), sql, count=1
    )


def bare(sql: str) -> str:
    """Without comments, on one line."""
    return " ".join(_COMMENT.sub(" ", sql).split())


def _listed(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


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
