"""The slow, obvious model of merges: play the whole history again, without the merges that were undone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

COLUMNS = ("phone", "city", "job_title", "email")
STAGES = ("subscriber", "lead", "marketing_qualified", "sales_qualified", "opportunity", "customer", "evangelist")


@dataclass
class Person:
    """What a contact is, in the model."""

    columns: dict[str, str | None]
    stage: str
    tags: set[str]
    custom: dict[str, int]
    merged_into: str | None = None


@dataclass
class World:
    """Everybody, and who holds each row."""

    people: dict[str, Person] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)

    def root(self, key: str) -> str:
        """Where a contact's identifiers lead."""
        while self.people[key].merged_into is not None:
            key = str(self.people[key].merged_into)
        return key


Step = tuple[Any, ...]


def play(steps: Iterable[Step], undone: set[str]) -> World:
    """The world after these steps."""
    world = World()
    for kind, *given in steps:
        if kind != "merge" or given[0] not in undone:
            _STEPS[kind](world, *given)
    return world


def _person(world: World, key: str, values: dict[str, Any]) -> None:
    columns = {name: values.get(name) for name in COLUMNS}
    world.people[key] = Person(columns, values["lifecycle_stage"], set(values["tags"]), dict(values["custom"]))


def _column(world: World, key: str, name: str, value: str | None) -> None:
    world.people[key].columns[name] = value


def _tags(world: World, key: str, added: set[str], removed: set[str]) -> None:
    world.people[key].tags = (world.people[key].tags | added) - removed


def _custom(world: World, key: str, name: str, value: int | None) -> None:
    world.people[key].custom.pop(name, None)
    if value is not None:
        world.people[key].custom[name] = value


def _row(world: World, row: str, holder: str) -> None:
    world.rows[row] = holder


def _merge(world: World, _: str, winner: str, loser: str, chosen: dict[str, str]) -> None:
    ours, theirs = world.people[winner], world.people[loser]
    for name in COLUMNS:
        if name in chosen:
            ours.columns[name] = (ours if chosen[name] == "winner" else theirs).columns[name]
        else:
            ours.columns[name] = ours.columns[name] or theirs.columns[name]
    ours.stage = max(ours.stage, theirs.stage, key=STAGES.index)
    ours.tags = ours.tags | theirs.tags
    ours.custom = theirs.custom | ours.custom
    theirs.merged_into = winner
    world.rows = {row: winner if holder == loser else holder for row, holder in world.rows.items()}


_STEPS = {"person": _person, "column": _column, "tags": _tags, "custom": _custom, "row": _row, "merge": _merge}
