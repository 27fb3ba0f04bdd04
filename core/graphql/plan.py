"""A query compiled: what to read for it, and how the answer is laid out. Compiled once per document, run many times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
)
from graphql.execution.collect_fields import collect_fields, collect_sub_fields
from graphql.execution.values import get_argument_values

from core.errors import BadRequest
from core.graphql.meaning import FeedOf, Meaning, Part, Rows, ToMany, ToOne, Value
from core.registry.entities import Feed

Values = Mapping[str, Any]
_INTROSPECTION = frozenset({"__schema", "__type"})


class FeedNeedsSingleRecord(BadRequest):
    """A feed is read per record, so it cannot be asked of each record of a list."""

    code = "feed_needs_single_record"
    title = "This list can only be read on a single record, not on each record of a list."


@dataclass(frozen=True)
class Entry:
    """One key of the answer: how its value is taken from the data, and the plan of the objects in it."""

    key: str
    take: Callable[[Any], Any]
    source: str | None = None
    child: ObjectPlan | None = None
    listed: bool = False
    required: bool = False


@dataclass(frozen=True)
class Asked:
    """A field of the query with its arguments."""

    field: GraphQLField
    node: FieldNode

    def arguments(self, variables: Values) -> dict[str, Any]:
        """The coerced arguments by their names in Python."""
        return get_argument_values(self.field, self.node, dict(variables))


@dataclass(frozen=True)
class RelationRead:
    """A relation to read along with a record, put into its row under `slot`."""

    slot: str
    relation: str
    asked: Asked
    plan: ObjectPlan
    many: bool
    cursors: bool = False


@dataclass(frozen=True)
class FeedRead:
    """A feed to read for a single record, put into its row under `slot`."""

    slot: str
    feed: Feed
    asked: Asked


@dataclass(frozen=True)
class ObjectPlan:
    """One object of the answer.

    A record says what to read of its row (`reads`, `relations`, `feeds`); a wrapper around records (a connection, a
    payload) points at their plans in `records`, and says whether it needs the cursors of rows.
    """

    type_name: str
    entries: tuple[Entry, ...] = ()
    reads: tuple[str, ...] = ()
    relations: tuple[RelationRead, ...] = ()
    feeds: tuple[FeedRead, ...] = ()
    records: tuple[ObjectPlan, ...] = ()
    cursors: bool = False

    @cached_property
    def by_key(self) -> Mapping[str, Entry]:
        """The entries by response key."""
        return {entry.key: entry for entry in self.entries}

    @cached_property
    def has_feeds(self) -> bool:
        """Whether a feed is asked of this record, or of one that it leads to."""
        return bool(self.feeds) or any(plan.has_feeds for read in self.relations for plan in read.plan.records)


NO_OBJECT = ObjectPlan("")


@dataclass(frozen=True)
class RootCall:
    """One root field of the query."""

    key: str
    name: str
    asked: Asked
    plan: ObjectPlan


@dataclass(frozen=True)
class OperationPlan:
    """A whole operation. `root` takes its values from the outcomes of the calls, by response key."""

    calls: tuple[RootCall, ...]
    root: ObjectPlan
    introspects: bool


@dataclass
class Compiler:
    """Compiles one operation, for given values of the variables that decide on its structure."""

    schema: GraphQLSchema
    meanings: Mapping[str, Mapping[str, Meaning]]
    fragments: dict[str, FragmentDefinitionNode]
    variables: Values
    _slots: Iterator[int] = field(default_factory=lambda: iter(range(1_000_000)))

    def operation(self, node: OperationDefinitionNode) -> OperationPlan:
        """The plan of the operation."""
        root = self.schema.get_root_type(node.operation)
        if root is None:
            raise BadRequest(f"There are no {node.operation.value} operations here.")
        collected = collect_fields(self.schema, self.fragments, dict(self.variables), root, node.selection_set)
        calls: list[RootCall] = []
        entries: list[Entry] = []
        introspects = False
        for key, nodes in collected.items():
            name = nodes[0].name.value
            if name == "__typename":
                entries.append(_typename(key, root))
            elif name in _INTROSPECTION:
                introspects = True
            else:
                definition = root.fields[name]
                child = self.child(definition, nodes, single=True)
                calls.append(RootCall(key, name, Asked(definition, nodes[0]), child or NO_OBJECT))
                entries.append(_entry(key, itemgetter(key), definition, child))
        return OperationPlan(tuple(calls), ObjectPlan(root.name, tuple(entries)), introspects)

    def child(self, definition: GraphQLField, nodes: list[FieldNode], *, single: bool) -> ObjectPlan | None:
        """The plan of the objects in a field; None where it holds plain values."""
        kind = get_named_type(definition.type)
        return self.object(kind, nodes, single=single) if isinstance(kind, GraphQLObjectType) else None

    def object(self, kind: GraphQLObjectType, nodes: list[FieldNode], *, single: bool) -> ObjectPlan:
        """The plan of an object of this type, with what all these nodes select of it."""
        builder = _Builder(self, kind, single)
        for key, found in collect_sub_fields(self.schema, self.fragments, dict(self.variables), kind, nodes).items():
            builder.add(key, found)
        return builder.plan()

    def slot(self) -> str:
        """A key of a row that no field or relation has."""
        return f"@{next(self._slots)}"


@dataclass
class _Builder:
    """Puts the plan of one object together, field by field."""

    compiler: Compiler
    kind: GraphQLObjectType
    single: bool
    entries: list[Entry] = field(default_factory=list)
    reads: dict[str, None] = field(default_factory=dict)
    relations: list[RelationRead] = field(default_factory=list)
    feeds: list[FeedRead] = field(default_factory=list)
    records: list[ObjectPlan] = field(default_factory=list)
    cursors: bool = False

    def plan(self) -> ObjectPlan:
        return ObjectPlan(
            self.kind.name,
            tuple(self.entries),
            tuple(self.reads),
            tuple(self.relations),
            tuple(self.feeds),
            tuple(self.records),
            self.cursors,
        )

    def add(self, key: str, nodes: list[FieldNode]) -> None:
        name = nodes[0].name.value
        if name == "__typename":
            self.entries.append(_typename(key, self.kind))
            return
        definition = self.kind.fields[name]
        asked = Asked(definition, nodes[0])
        match self.compiler.meanings[self.kind.name][name]:
            case Value(source):
                self.reads[source] = None
                child = self.compiler.child(definition, nodes, single=self.single)
                self.entries.append(_entry(key, itemgetter(source), definition, child, source))
            case ToOne(relation):
                self._relate(key, nodes, asked, relation)
            case ToMany(relation):
                self._connect(key, nodes, asked, relation)
            case FeedOf(_, feed):
                self._feed(key, nodes, asked, feed)
            case Part(take, record, many, cursors):
                child = self.compiler.child(definition, nodes, single=self.single and not many)
                self.cursors |= cursors
                if child is not None:
                    self.records += [child] if record else child.records
                    self.cursors |= child.cursors and not record
                self.entries.append(_entry(key, take, definition, child))

    def _relate(self, key: str, nodes: list[FieldNode], asked: Asked, relation: str) -> None:
        slot = self.compiler.slot()
        child = self.compiler.child(asked.field, nodes, single=self.single) or NO_OBJECT
        around = ObjectPlan("", records=(child,))
        self.relations.append(RelationRead(slot, relation, asked, around, many=False))
        self.entries.append(_entry(key, itemgetter(slot), asked.field, child))

    def _connect(self, key: str, nodes: list[FieldNode], asked: Asked, relation: str) -> None:
        slot = self.compiler.slot()
        child = self.compiler.child(asked.field, nodes, single=False) or NO_OBJECT
        is_later = asked.arguments(self.compiler.variables).get("after") is not None
        self.relations.append(RelationRead(slot, relation, asked, child, many=True, cursors=child.cursors))
        self.entries.append(_entry(key, _nested_rows(slot, is_later), asked.field, child))

    def _feed(self, key: str, nodes: list[FieldNode], asked: Asked, feed: Feed) -> None:
        if not self.single:
            raise FeedNeedsSingleRecord(field=nodes[0].name.value)
        slot = self.compiler.slot()
        self.reads["id"] = None
        self.feeds.append(FeedRead(slot, feed, asked))
        child = self.compiler.child(asked.field, nodes, single=False)
        self.entries.append(_entry(key, itemgetter(slot), asked.field, child))


def _nested_rows(slot: str, is_later: bool) -> Callable[[Any], Rows]:
    def take(row: dict[str, Any]) -> Rows:
        page = row[slot]
        return Rows(page["rows"], page["next_cursor"], page["cursors"].__getitem__, is_later=is_later)

    return take


def _typename(key: str, kind: GraphQLObjectType) -> Entry:
    name = kind.name
    return Entry(key, lambda _: name, required=True)


def _entry(
    key: str, take: Callable[[Any], Any], definition: GraphQLField, child: ObjectPlan | None, source: str | None = None
) -> Entry:
    kind = definition.type
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    return Entry(
        key,
        take,
        source if child is None else None,
        child,
        listed=isinstance(inner, GraphQLList),
        required=inner is not kind,
    )
