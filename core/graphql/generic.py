"""Completion by graphql-core, for answers with errors or nulls in the wrong place, and for introspection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import (
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    default_field_resolver,
    default_type_resolver,
)
from graphql.execution.execute import CollectedErrors, ExecutionContext

from core.graphql.plan import ObjectPlan


class View(NamedTuple):
    """Data seen through a plan: what resolvers hand each other."""

    plan: ObjectPlan
    data: Any


def resolve(parent: View, info: GraphQLResolveInfo, **_: Any) -> Any:
    """The resolver of every generated field: arguments were bound when the plan was run."""
    entry = parent.plan.by_key[str(info.path.key)]
    value = entry.take(parent.data)
    child = entry.child
    if child is None or value is None or isinstance(value, Exception):
        return value
    return [View(child, item) for item in value] if entry.listed else View(child, value)


def execute(
    schema: GraphQLSchema,
    fragments: dict[str, FragmentDefinitionNode],
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    root: View,
) -> ExecutionResult:
    """Complete an operation whose root values are there already, with variables that are coerced already."""
    context = ExecutionContext(
        schema,
        fragments,
        root,
        None,
        operation,
        dict(variables),
        default_field_resolver,
        default_type_resolver,
        default_field_resolver,
        CollectedErrors(),
        None,
        lambda _: False,
    )
    try:
        data = context.execute_operation(operation, root)
    except GraphQLError as error:
        context.collected_errors.add(error, None)
        data = None
    return ExecutionContext.build_response(data, context.collected_errors.errors)  # type: ignore[arg-type]
