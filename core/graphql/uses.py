"""Where a variable is used: its faults are told as those of the argument that it fills."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
)

from core.graphql.documents import Document
from core.graphql.roots import INPUT
from core.graphql.schema import Schema
from core.graphql.variables import Use
from core.registry.fields import escape


def use_of(name: str, schema: Schema, document: Document, operation: OperationDefinitionNode) -> Use:
    """The first argument of a root field that is this variable; elsewhere faults are told under the variable's name."""
    kind = schema.graphql_schema.get_root_type(operation.operation)
    roots = schema.roots["Mutation" if operation.operation is OperationType.MUTATION else "Query"]
    for node in _root_fields(operation.selection_set, document, set()):
        for argument in node.arguments:
            if kind is None or not isinstance(argument.value, VariableNode) or argument.value.name.value != name:
                continue
            definition = kind.fields[node.name.value].args[argument.name.value]
            own = definition.out_name or argument.name.value
            pointer = "" if own == INPUT else f"/{escape(own)}"
            return Use(pointer, roots[node.name.value].checks.get(own))
    return Use(f"/{escape(name)}")


def _root_fields(chosen: SelectionSetNode, document: Document, seen: set[str]) -> Iterator[FieldNode]:
    for item in chosen.selections:
        match item:
            case FieldNode():
                yield item
            case InlineFragmentNode():
                yield from _root_fields(item.selection_set, document, seen)
            case FragmentSpreadNode() if item.name.value not in seen:
                seen.add(item.name.value)
                yield from _root_fields(document.fragments[item.name.value].selection_set, document, seen)
