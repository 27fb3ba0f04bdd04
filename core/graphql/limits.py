"""Limits on what a query may ask, measured on its text before anything expensive looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from core.errors import BadRequest

_INTROSPECTION = frozenset({"__schema", "__type"})


class QueryTooComplex(BadRequest):
    """The query asks for more than one request may; `data` says which limit, and how far it is over it."""

    code = "query_too_complex"
    title = "The query is too complex."

    def __init__(self, limit: str, most: int, found: int) -> None:
        # Fragments multiply: the number found may be astronomical.
        shown = min(found, 1_000_000_000)
        super().__init__(f"A query may have at most {most} {limit}; this one has {shown}.", limit=limit, most=most)


@dataclass(frozen=True)
class Limits:
    """The most that one request may have. Fields, aliases and depth count with fragments written out."""

    tokens: int = 4_000
    depth: int = 20
    fields: int = 1_000
    aliases: int = 50
    root_fields: int = 20
    directives: int = 50
    definitions: int = 30
    cost: int = 10_000
    errors: int = 10

    def require(self, size: Size) -> None:
        """Refuse what is over a limit. Raises QueryTooComplex."""
        for limit, most, found in (
            ("levels", self.depth, size.depth),
            ("aliases", self.aliases, size.aliases),
            ("root fields", self.root_fields, size.root_fields),
            ("directives", self.directives, size.directives),
            ("fields", self.fields, size.fields),
            ("definitions", self.definitions, size.definitions),
        ):
            if found > most:
                raise QueryTooComplex(limit, most, found)

    def require_cost(self, cost: int) -> None:
        """Refuse what would bring too many records. Raises QueryTooComplex."""
        if cost > self.cost:
            raise QueryTooComplex("records", self.cost, cost)


@dataclass(frozen=True)
class Size:
    """How large a selection is, fragments written out."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    root_fields: int = 0
    directives: int = 0
    definitions: int = 0


@dataclass
class _Measure:
    fragments: dict[str, FragmentDefinitionNode]
    known: dict[str, Size] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)

    def selection(self, chosen: SelectionSetNode | None) -> Size:
        """`root_fields` of the result counts the fields of this level."""
        if chosen is None:
            return Size()
        return _sum(self._one(item) for item in chosen.selections)

    def _one(self, item: SelectionNode) -> Size:
        directives = len(item.directives)
        match item:
            case FieldNode():
                inner = self.selection(item.selection_set)
                # Introspection nests deeply by its nature, and has a rule of its own.
                deep = 0 if item.name.value in _INTROSPECTION else inner.depth
                renamed = item.alias is not None and item.alias.value != item.name.value
                return Size(deep + 1, inner.fields + 1, inner.aliases + renamed, 1, inner.directives + directives)
            case FragmentSpreadNode():
                inner = self.fragment(item.name.value)
            case _:
                inner = self.selection(getattr(item, "selection_set", None))
        return Size(inner.depth, inner.fields, inner.aliases, inner.root_fields, inner.directives + directives)

    def fragment(self, name: str) -> Size:
        """Measured once each; a cycle ends here, and is reported by the validation."""
        if name in self.known:
            return self.known[name]
        if name in self.open or name not in self.fragments:
            return Size()
        self.open.add(name)
        self.known[name] = self.selection(self.fragments[name].selection_set)
        self.open.discard(name)
        return self.known[name]


def size_of(document: DocumentNode) -> Size:
    """The size of the largest operation in each respect."""
    fragments = {item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)}
    measure = _Measure(fragments)
    sizes = [
        measure.selection(item.selection_set)
        for item in document.definitions
        if isinstance(item, OperationDefinitionNode)
    ]
    # Fragments that nothing spreads are validated all the same.
    sizes += [measure.fragment(name) for name in fragments]

    def most(take: Callable[[Size], int]) -> int:
        return max(map(take, sizes), default=0)

    return Size(
        most(lambda size: size.depth),
        most(lambda size: size.fields),
        most(lambda size: size.aliases),
        most(lambda size: size.root_fields),
        most(lambda size: size.directives),
        len(document.definitions),
    )


def _sum(sizes: Iterable[Size]) -> Size:
    depth = fields = aliases = root_fields = directives = 0
    for size in sizes:
        depth = max(depth, size.depth)
        fields += size.fields
        aliases += size.aliases
        root_fields += size.root_fields
        directives += size.directives
    return Size(depth, fields, aliases, root_fields, directives)
