"""From a query text to its answer: compile, bind and cost first; then read or write; then lay out the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode, OperationType

from core.graphql import generic
from core.graphql.documents import Compiled, Document, Documents
from core.graphql.errors import IntrospectionDisabled, of_field
from core.graphql.layout import NotStraight
from core.graphql.limits import Limits
from core.graphql.plan import RootCall
from core.graphql.reading import Environment
from core.graphql.roots import Bound
from core.graphql.schema import Schema
from core.graphql.uses import use_of
from core.graphql.variables import coerced


@dataclass(frozen=True)
class Prepared:
    """An operation that may be run: everything that can be refused without reading has been."""

    document: Document
    operation: OperationDefinitionNode
    variables: dict[str, Any]
    compiled: Compiled
    calls: tuple[tuple[RootCall, Bound], ...]
    cost: int

    @property
    def is_mutation(self) -> bool:
        return self.operation.operation is OperationType.MUTATION


@dataclass(frozen=True)
class Result:
    """The answer. `achieved` tells whether any root field succeeded."""

    data: dict[str, Any] | None
    errors: list[dict[str, Any]]
    achieved: bool


class Engine:
    """Runs operations on one schema within limits."""

    def __init__(self, schema: Schema, limits: Limits | None = None) -> None:
        self.schema = schema
        self.limits = limits or Limits()
        self.documents = Documents(schema, self.limits)

    def prepare(
        self, query: str, *, variables: Mapping[str, Any], operation_name: str | None, introspection: bool = True
    ) -> Prepared:
        """Everything up to the first read. Raises a BadRequest, Invalid or IntrospectionDisabled."""
        document = self.documents.get(query, suggestions=introspection)
        operation = document.operation(operation_name)
        values = coerced(
            self.schema.graphql_schema,
            operation,
            variables,
            known=document.variables,
            uses=lambda name: use_of(name, self.schema, document, operation),
        )
        compiled = document.compiled(self.schema, operation, values)
        if compiled.plan.introspects and not introspection:
            raise IntrospectionDisabled
        roots = self.schema.roots["Mutation" if operation.operation is OperationType.MUTATION else "Query"]
        calls = tuple((call, _bind(roots[call.name].bind, call, values)) for call in compiled.plan.calls)
        cost = sum(bound.cost for _, bound in calls)
        self.limits.require_cost(cost)
        return Prepared(document, operation, values, compiled, calls, cost)

    def run(self, prepared: Prepared, env: Environment, *, straight: bool = True) -> Result:
        """Make the calls in order and complete the answer; with `straight` False always by graphql-core."""
        if prepared.compiled.plan.introspects and not prepared.calls:
            return self._describe(prepared)
        outcomes: dict[str, Any] = {}
        failed = 0
        for call, bound in prepared.calls:
            try:
                outcomes[call.key] = bound.run(env)
            except Exception as error:
                outcomes[call.key] = error
                failed += 1
        achieved = failed < len(prepared.calls)
        if straight and not failed and not prepared.compiled.plan.introspects:
            try:
                return Result(prepared.compiled.layout(outcomes), [], achieved)
            except NotStraight:
                pass
        return self._completed(prepared, outcomes, achieved=achieved)

    def _describe(self, prepared: Prepared) -> Result:
        """The answer to a question about the schema alone, which does not change while the program runs."""
        name = prepared.operation.name
        key = (name and name.value, repr(sorted(prepared.variables.items())))
        result: Result = prepared.document.once(key, lambda: self._completed(prepared, {}, achieved=True))
        return result

    def _completed(self, prepared: Prepared, outcomes: Mapping[str, Any], *, achieved: bool) -> Result:
        result = generic.execute(
            self.schema.graphql_schema,
            prepared.document.fragments,
            prepared.operation,
            prepared.variables,
            generic.View(prepared.compiled.plan.root, outcomes),
        )
        errors = [of_field(error) for error in (result.errors or ())[: self.limits.errors]]
        return Result(result.data, errors, achieved)


def _bind(bind: Any, call: RootCall, variables: Mapping[str, Any]) -> Bound:
    try:
        bound: Bound = bind(call.asked.arguments(variables), call, variables)
    except GraphQLError as error:
        return Bound(0, _raising(error))
    return bound


def _raising(error: GraphQLError) -> Any:
    def run(_: Environment) -> Any:
        raise error

    return run
