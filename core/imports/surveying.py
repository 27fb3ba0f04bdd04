"""A first pass over all rows: how many there are, which have the same key, and in which order groups are written.

What is kept of a row is a number or two, so a million rows take a few dozen megabytes.
"""

from __future__ import annotations

import os
import pickle
import tempfile
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import IO, Any, Self

from core.imports.kinds import Kind
from core.imports.plan import Parsed, Plan, Step
from core.imports.readers import Layout, Reader, Row
from core.registry.types import TypeFault

EXAMPLES = 20
# In a chunk: a few chunks are in memory at once, in several forms.
MOST_CHARACTERS = 4_000_000
# Rows of a spool that are read and parsed at once.
AT_ONCE = 2_000


@dataclass
class Survey:
    """What the first pass has found. `losers`: places of rows that yield to another with the same key."""

    rows: int = 0
    losers: frozenset[int] = frozenset()
    notices: list[str] = field(default_factory=list)


def survey(rows: Iterator[Row], plan: Plan, uniques: tuple[str, ...], *, last_wins: bool) -> Survey:
    """Count the rows and find those with equal keys. Raises what the reader raises."""
    steps = {step.target.name: step for step in plan.steps}
    keys = [steps[name] for name in uniques[:1] if name in steps]
    if not keys:
        return Survey(rows=sum(1 for _ in rows))
    hashes, numbers = array("q"), array("L")
    for row in rows:
        hashes.append(_hash(keys[0], row))
        numbers.append(row.number)
    losers = _losers(hashes, last_wins=last_wins)
    found = Survey(len(hashes), losers)
    if losers:
        shown = ", ".join(str(numbers[place]) for place in sorted(losers)[:EXAMPLES])
        which = "last" if last_wins else "first"
        found.notices.append(
            f"{len(losers)} rows have the {uniques[0]} of another row and are left out, since the {which} one counts: "
            f"{shown}{'...' if len(losers) > EXAMPLES else ''}."
        )
    return found


def _hash(step: Step, row: Row) -> int:
    """Of the key's value; 0 where there is none."""
    if row.faults or step.index >= len(row.cells) or row.cells[step.index] is None:
        return 0
    try:
        value = step.convert(row.cells[step.index])
    except TypeFault:
        return 0
    return hash(value) if value is not None else 0


def _losers(hashes: array[int], *, last_wins: bool) -> frozenset[int]:
    """Places whose hash occurs elsewhere too, without the one that counts."""
    order = sorted(range(len(hashes)), key=hashes.__getitem__)
    losers = []
    start = 0
    for end in range(1, len(order) + 1):
        if end < len(order) and hashes[order[end]] == hashes[order[start]]:
            continue
        if end - start > 1 and hashes[order[start]] != 0:
            # Sorting is stable: within one hash the places ascend.
            losers += order[start : end - 1] if last_wins else order[start + 1 : end]
        start = end
    return frozenset(losers)


class Spool:
    """Rows in a temporary file, to be read again in another order: group by group, phase by phase."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._starts = array("Q")
        self._groups = array("q")
        self._phases = array("B")
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def fill(self, rows: Iterator[Row], plan: Plan, kind: Kind) -> int:
        """Take in all rows; returns how many."""
        numbers: dict[Any, int] = {}
        needed = (kind.grouped, *kind.phased)
        plan = replace(plan, steps=tuple(step for step in plan.steps if step.target.name in needed))
        for place, row in enumerate(rows):
            parsed = plan.parse(place, row)
            group = parsed.values.get(kind.grouped or "")
            number = numbers.setdefault(group, len(numbers)) if group is not None else -1 - place
            data = pickle.dumps((row.number, row.cells, row.faults), 5)
            self._starts.append(self._end)
            self._groups.append(number)
            self._phases.append(kind.phase(parsed))
            self._file.write(data)
            self._end += len(data)
        self._starts.append(self._end)
        self._file.flush()
        return len(self._groups)

    def groups(self, plan: Plan) -> Iterator[list[Parsed]]:
        """The rows of one group after the other, in the order in which the groups first come within their phase."""
        places = self._order()
        group: list[Parsed] = []
        current: int | None = None
        for start in range(0, len(places), AT_ONCE):
            for parsed in self._parsed(plan, places[start : start + AT_ONCE]):
                if self._groups[parsed.place] != current and group:
                    yield group
                    group = []
                current = self._groups[parsed.place]
                group.append(parsed)
        if group:
            yield group

    def _order(self) -> array[int]:
        phases, first = dict[int, int](), dict[int, int]()
        for place, number in enumerate(self._groups):
            first.setdefault(number, place)
            phases[number] = max(phases.get(number, 0), self._phases[place])
        groups = self._groups
        by = sorted(range(len(groups)), key=lambda place: (phases[groups[place]], first[groups[place]], place))
        return array("Q", by)

    def _parsed(self, plan: Plan, places: Sequence[int]) -> list[Parsed]:
        parsed = plan.parse_many(0, [self._row(place) for place in places])
        for one, place in zip(parsed, places, strict=True):
            one.place = place
        return parsed

    def _row(self, place: int) -> Row:
        start, end = self._starts[place], self._starts[place + 1]
        data = os.pread(self._file.fileno(), end - start, start)
        number, cells, faults = pickle.loads(data)  # noqa: S301 - our own, from a file that nobody else can open
        return Row(number, cells, faults)


class Seen:
    """A file that was surveyed: its rows can now be had in chunks, from any place on."""

    def __init__(
        self, found: Survey, reader: Reader, file: IO[bytes], layout: Layout, plan: Plan, spool: Spool | None
    ) -> None:
        self.rows, self.losers, self.notices = found.rows, found.losers, found.notices
        self._reader, self._file, self._layout, self._plan, self._spool = reader, file, layout, plan, spool

    def units(self, size: int, done: int) -> Iterator[list[Parsed]]:
        """Chunks of about `size` parsed rows after the first `done`; groups are kept together."""
        if self._spool is None:
            for part in _parts(islice(reading(self._reader, self._file, self._layout), done, None), size):
                yield self._plan.parse_many(done, part)
                done += len(part)
            return
        chunk: list[Parsed] = []
        passed = 0
        for group in self._spool.groups(self._plan):
            passed += len(group)
            if passed <= done:
                continue
            if chunk and len(chunk) + len(group) > size:
                yield chunk
                chunk = []
            chunk += group
        if chunk:
            yield chunk


def _parts(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    """The rows in parts of `size`, or of fewer where their cells are long."""
    part: list[Row] = []
    weight = 0
    for row in rows:
        part.append(row)
        weight += sum([len(cell) for cell in row.cells if cell.__class__ is str])
        if len(part) >= size or weight > MOST_CHARACTERS:
            yield part
            part, weight = [], 0
    if part:
        yield part


@contextmanager
def surveyed(
    reader: Reader, file: IO[bytes], layout: Layout, plan: Plan, kind: Kind, options: Mapping[str, Any]
) -> Iterator[Seen]:
    """Read all rows once. Raises what the reader raises: nothing has been written by then."""
    rows = reading(reader, file, layout)
    if kind.grouped is not None:
        with Spool() as spool:
            yield Seen(Survey(rows=spool.fill(rows, plan, kind)), reader, file, layout, plan, spool)
        return
    last_wins = options.get("on_duplicate", "last") == "last"
    uniques = kind.uniques(options, plan.used())
    yield Seen(survey(rows, plan, uniques, last_wins=last_wins), reader, file, layout, plan, None)


def reading(reader: Reader, file: IO[bytes], layout: Layout) -> Iterator[Row]:
    """All rows, from the beginning."""
    file.seek(0)
    return reader.rows(file, layout)
