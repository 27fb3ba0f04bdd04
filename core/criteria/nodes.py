"""The parsed form of criteria: typed, checked against the registry, free of JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.criteria.durations import Span
from core.registry.fields import Field, Relation


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


@dataclass(frozen=True, slots=True)
class Condition:
    """`field` compared by `op`. Absent values compare as false, so `not` is an exact complement.

    `value` is of the field's Python type; a tuple for in, not_in, between and has_*; a Span or unit for calendar ops.
    """

    field: Field
    op: str
    value: Any


@dataclass(frozen=True, slots=True)
class Related:
    """How many related records meet `where` (and happened `within` the span before now): `low` to `high` of them."""

    relation: Relation
    where: Node
    within: Span | None = None
    low: int | None = 1
    high: int | None = None


Node = And | Or | Not | Condition | Related
EVERYTHING = And(())
