"""Query texts parsed, measured and validated once, with the plans compiled from them."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)
from graphql.validation.specified_rules import recommended_rules

from core.graphql.errors import InvalidQuery, NoSuchOperation
from core.graphql.layout import Layout, layout_of
from core.graphql.limits import Limits, QueryTooComplex, size_of
from core.graphql.plan import Compiler, OperationPlan
from core.graphql.schema import Schema

_RULES = tuple(dict.fromkeys((*specified_rules, *recommended_rules)))
_MAX_VARIANTS = 16

T = TypeVar("T")


@dataclass(frozen=True)
class Compiled:
    """The plan of an operation, and the function that lays out its answer."""

    plan: OperationPlan
    layout: Layout


@dataclass
class Document:
    """A valid query text. `deciding` are the variables that decide which fields there are, `pages` those of cursors."""

    fragments: dict[str, FragmentDefinitionNode]
    operations: dict[str | None, OperationDefinitionNode]
    variables: frozenset[str]
    deciding: tuple[str, ...]
    pages: tuple[str, ...]
    _made: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to run. Raises NoSuchOperation."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        found = self.operations.get(name)
        if found is None or name is None:
            raise NoSuchOperation
        return found

    def compiled(self, schema: Schema, operation: OperationDefinitionNode, values: Mapping[str, Any]) -> Compiled:
        """The plan for these values of the variables. Raises FeedNeedsSingleRecord."""
        key = (
            operation.name and operation.name.value,
            *(bool(values.get(name)) for name in self.deciding),
            *(values.get(name) is None for name in self.pages),
        )

        def compile_now() -> Compiled:
            plan = Compiler(schema.graphql_schema, schema.meanings, self.fragments, values).operation(operation)
            return Compiled(plan, layout_of(plan.root))

        return self.once(("plan", *key), compile_now)

    def once(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        """What was made for this key before, or now. Few are kept: clients ask in a handful of ways."""
        if key in self._made:
            return cast("T", self._made[key])
        made = make()
        if len(self._made) < _MAX_VARIANTS:
            self._made[key] = made
        return made


class Documents:
    """The documents of one schema, the least recently used forgotten first."""

    def __init__(self, schema: Schema, limits: Limits, *, size: int = 512) -> None:
        self._schema = schema
        self._limits = limits
        self._size = size
        self._known: OrderedDict[bytes, Document] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: str, *, suggestions: bool) -> Document:
        """The document of a text. Raises InvalidQuery or QueryTooComplex; refused texts are not remembered.

        `suggestions` lets messages name fields that were perhaps meant: not for whom the schema is hidden from.
        """
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
                return found
        made = self._make(text, suggestions)
        with self._lock:
            self._known[key] = made
            while len(self._known) > self._size:
                self._known.popitem(last=False)
        return made

    def _make(self, text: str, suggestions: bool) -> Document:
        try:
            document = parse(text, max_tokens=self._limits.tokens)
            self._limits.require(size_of(document))
            schema = self._schema.graphql_schema
            faults = validate(schema, document, _RULES, self._limits.errors, hide_suggestions=not suggestions)
        except GraphQLSyntaxError as fault:
            raise InvalidQuery([fault], "syntax_error") from None
        except RecursionError:
            raise QueryTooComplex("levels", self._limits.depth, 1_000) from None
        if faults:
            raise InvalidQuery(faults)
        return _document(document)


def _document(document: DocumentNode) -> Document:
    operations: dict[str | None, OperationDefinitionNode] = {}
    fragments: dict[str, FragmentDefinitionNode] = {}
    for item in document.definitions:
        match item:
            case OperationDefinitionNode():
                operations[item.name.value if item.name else None] = item
            case FragmentDefinitionNode():
                fragments[item.name.value] = item
    variables = frozenset(
        definition.variable.name.value for item in operations.values() for definition in item.variable_definitions
    )
    finder = _Structure()
    visit(document, finder)
    return Document(fragments, operations, variables, tuple(finder.deciding), tuple(finder.pages))


class _Structure(Visitor):
    """Finds the variables that change what a plan looks like."""

    def __init__(self) -> None:
        super().__init__()
        self.deciding: dict[str, None] = {}
        self.pages: dict[str, None] = {}

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        for argument in node.arguments:
            if isinstance(argument.value, VariableNode):
                self.deciding[argument.value.name.value] = None

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        if node.name.value == "after" and isinstance(node.value, VariableNode):
            self.pages[node.value.name.value] = None
