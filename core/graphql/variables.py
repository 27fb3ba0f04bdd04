"""Variables coerced by their GraphQL types, with the faults that REST would report for the same values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    get_named_type,
    type_from_ast,
    value_from_ast,
)

from core.errors import BadRequest, FieldError, Invalid
from core.graphql.inputs import CHECKED_LATER
from core.registry.fields import escape
from core.registry.types import Boolean, Choice, FieldType, Integer, Number, Text, TypeFault, Upload

# The same words as for REST: these types say what is wrong with a value that GraphQL's own refuse.
_TYPES: dict[str, FieldType] = {
    "Int": Integer(),
    "Float": Number(),
    "Boolean": Boolean(),
    "String": Text(),
    "ID": Text(),
    "Upload": Upload(),
}
_MAX_FAULTS = 20
_INPUT = (GraphQLScalarType, GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull)


class UnknownVariable(BadRequest):
    """A value for a variable that no operation of the document declares."""

    code = "unknown_variable"
    title = "A variable is not known."


@dataclass(frozen=True)
class Use:
    """Where the value of a variable goes: what pointers to its faults begin with, and REST's own way to find them."""

    pointer: str
    faults: Callable[[Any], list[FieldError]] | None = None


Uses = Callable[[str], Use]


def coerced(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    given: Mapping[str, Any],
    *,
    known: Collection[str],
    uses: Uses,
) -> dict[str, Any]:
    """The variables of an operation. Raises UnknownVariable, or Invalid with pointers as REST's body would have them.

    Stricter than the specification in two things, so that both APIs take the same: a single value is no list, and a
    number is no id.
    """
    unknown = [name for name in given if name not in known]
    if unknown:
        errors = [FieldError(f"/{escape(name)}", "unknown_variable", "Is not declared.") for name in unknown]
        raise UnknownVariable(errors=errors[:_MAX_FAULTS])
    values: dict[str, Any] = {}
    faults: list[FieldError] = []
    for definition in operation.variable_definitions:
        name = definition.variable.name.value
        kind = type_from_ast(schema, definition.type)
        if not isinstance(kind, _INPUT):
            continue  # the validation has refused it already
        if name in given:
            values[name] = _checked(kind, given[name], name, uses, faults)
        elif definition.default_value is not None:
            values[name] = value_from_ast(definition.default_value, kind)
        elif isinstance(kind, GraphQLNonNull):
            faults.append(FieldError(uses(name).pointer, "required", "This field is required."))
    if faults:
        raise Invalid(faults[:_MAX_FAULTS])
    return values


def _checked(kind: GraphQLInputType, given: Any, name: str, uses: Uses, faults: list[FieldError]) -> Any:
    found: list[FieldError] = []
    value = _coerce(kind, given, "", found)
    if found:
        use = uses(name)
        # Where REST has a table of fields for the same value, its faults are told: all of them, and in its words.
        told = use.faults(renamed(kind, given)) if use.faults and given is not None else []
        faults += [replace(fault, pointer=use.pointer + fault.pointer) for fault in told or found]
    return value


def _coerce(kind: GraphQLInputType, value: Any, pointer: str, faults: list[FieldError]) -> Any:
    match kind:
        case GraphQLNonNull():
            if value is None:
                faults.append(FieldError(pointer, "null", "Must not be null."))
                return None
            return _coerce(kind.of_type, value, pointer, faults)
        case _ if value is None:
            return None
        case _ if get_named_type(kind).name.endswith(CHECKED_LATER):
            return renamed(kind, value)
        case GraphQLList():
            if not isinstance(value, list):
                faults.append(FieldError(pointer, "wrong_type", "Must be a list."))
                return None
            return [_coerce(kind.of_type, item, f"{pointer}/{index}", faults) for index, item in enumerate(value)]
        case GraphQLInputObjectType():
            return _object(kind, value, pointer, faults)
        case GraphQLScalarType() | GraphQLEnumType():
            return _leaf(kind, value, pointer, faults)
        case _:
            raise TypeError(f"no input type: {kind}")


def _object(kind: GraphQLInputObjectType, value: Any, pointer: str, faults: list[FieldError]) -> Any:
    if not isinstance(value, dict):
        faults.append(FieldError(pointer, "wrong_type", "Must be an object."))
        return None
    # Pointers name fields as REST does, as the faults of services do.
    faults += [
        FieldError(f"{pointer}/{escape(name)}", "unknown_field", "There is no such field.")
        for name in value
        if name not in kind.fields
    ]
    result: dict[str, Any] = {}
    for name, item in kind.fields.items():
        key = item.out_name or name
        if name in value:
            result[key] = _coerce(item.type, value[name], f"{pointer}/{escape(key)}", faults)
        elif item.default_value is not Undefined:
            result[key] = item.default_value
        elif isinstance(item.type, GraphQLNonNull):
            faults.append(FieldError(f"{pointer}/{escape(key)}", "required", "This field is required."))
    return result


def renamed(kind: GraphQLInputType, value: Any) -> Any:
    """The value with the names of fields as the registry has them, otherwise as it was given."""
    match kind:
        case GraphQLNonNull():
            return renamed(kind.of_type, value)
        case GraphQLList() if isinstance(value, list):
            return [renamed(kind.of_type, item) for item in value]
        case GraphQLInputObjectType() if isinstance(value, dict):
            return {_own_name(kind, name): __renamed_field(kind, name, item) for name, item in value.items()}
        case _:
            return value


def _own_name(kind: GraphQLInputObjectType, name: str) -> str:
    return (kind.fields[name].out_name or name) if name in kind.fields else name


def __renamed_field(kind: GraphQLInputObjectType, name: str, value: Any) -> Any:
    return renamed(kind.fields[name].type, value) if name in kind.fields else value


def _leaf(kind: GraphQLScalarType | GraphQLEnumType, value: Any, pointer: str, faults: list[FieldError]) -> Any:
    try:
        if kind is GraphQLID and not isinstance(value, str):
            raise ValueError
        parsed = kind.parse_value(value)
    except (GraphQLError, ValueError, OverflowError):
        faults.append(_fault(kind, value, pointer))
        return None
    if parsed is Undefined:
        faults.append(_fault(kind, value, pointer))
        return None
    return parsed


def _fault(kind: GraphQLScalarType | GraphQLEnumType, value: Any, pointer: str) -> FieldError:
    own = Choice(options=tuple(kind.values)) if isinstance(kind, GraphQLEnumType) else _TYPES.get(kind.name)
    try:
        if own is not None:
            own.parse(value)
    except TypeFault as fault:
        return FieldError(pointer, fault.code, str(fault))
    return FieldError(pointer, "wrong_type", f"Must be a {kind.name}.")
