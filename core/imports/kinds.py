"""How the rows of an entity become records. What is particular to one is registered by its app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from core import registry
from core.actors import Actor
from core.errors import BadRequest, Invalid
from core.imports.mapping import targets
from core.imports.mapping.targets import Target
from core.imports.plan import Parsed, Plan

Words = Mapping[str, Mapping[str, str]]


@dataclass
class Counts:
    """What became of rows so far; `related` counts the records that were made at the end of relations."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    related: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {**vars(self), "related": dict(self.related)}


@dataclass(frozen=True)
class Context:
    """What writing needs to know. `losers`: places of rows whose key another row has, which wins."""

    plan: Plan
    actor: Actor
    options: Mapping[str, Any]
    losers: frozenset[int] = frozenset()
    is_dry: bool = False


class Writer(Protocol):
    """Writes rows; keeps nothing between chunks that a rollback would make untrue, once told of it."""

    def write(self, rows: Sequence[Parsed], counts: Counts, at: datetime) -> None:
        """Write a chunk in the caller's transaction. Errors go into the rows, everything else into the counts."""
        ...

    def undone(self) -> None:
        """The transaction was rolled back."""
        ...


class Kind(Protocol):
    """One thing that rows can become.

    grouped: None, or the target by whose value rows belong together; they then come one group after the other.
    phased: the targets that `phase` looks at.
    """

    name: str
    grouped: str | None
    phased: tuple[str, ...]

    def targets(self, actor: Actor) -> dict[str, Target]: ...

    def words(self) -> Words: ...

    def check(self, used: frozenset[str], options: Mapping[str, Any]) -> dict[str, Any]:
        """The options with their defaults, once they fit what is mapped. Raises Invalid."""
        ...

    def require(self, actor: Actor, used: frozenset[str], options: Mapping[str, Any]) -> None:
        """Raise Forbidden unless the actor may do all that the options ask for."""
        ...

    def uniques(self, options: Mapping[str, Any], used: frozenset[str]) -> tuple[str, ...]:
        """Targets whose values no two rows may share; the first is the key."""
        ...

    def phase(self, parsed: Parsed) -> int:
        """Of grouped rows: those of a lower phase are written first, all of them."""
        ...

    def writer(self, context: Context) -> Writer: ...


_kinds: dict[str, Kind] = {}
_words: dict[str, dict[str, dict[str, str]]] = {}


def register(kind: Kind) -> None:
    """Have the rows of an entity become records in a way of its own."""
    _kinds[kind.name] = kind


def register_words(entity: str, target: str, words: Mapping[str, str]) -> None:
    """Readings of cells that a field's type does not know, in lower case: names of countries for their codes."""
    _words.setdefault(entity, {})[target] = dict(words)


def words_of(entity: str) -> Words:
    return _words.get(entity, {})


def of(name: str) -> Kind:
    """The kind of this name. Raises BadRequest where nothing of it can be imported."""
    from_app = _kinds.get(name)
    if from_app is not None:
        return from_app
    declared = next((item for item in registry.entities() if item.name == name), None)
    if declared is None or declared.writes is None or not declared.verbs & {"create", "update"}:
        known = ", ".join(importable())
        raise Invalid.one("/entity", "not_importable", f"Must be one of: {known}.")
    from_registry: Kind = _plain_kind(name)
    return from_registry


def importable() -> tuple[str, ...]:
    """The names of everything that can be imported."""
    plain = (item.name for item in registry.entities() if item.writes is not None and "create" in item.verbs)
    return tuple(sorted({*plain, *_kinds}))


def _plain_kind(name: str) -> Any:
    if _make is None:
        raise BadRequest("Nothing can be imported.")
    return _make[0](name)


_make: list[Any] = []


def register_default(make: Any) -> None:
    """What makes the kind of an entity that has none of its own."""
    _make[:] = [make]


def all_targets(name: str, actor: Actor) -> dict[str, Target]:
    """The targets of a plain entity."""
    return targets.of_entity(registry.entity(name), actor)
