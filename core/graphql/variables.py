"""Variables coerced as the GraphQL specification says, with the faults that REST would report for the same values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    type_from_ast,
    value_from_ast,
)

from core.errors import BadRequest, FieldError, Invalid
from core.graphql.inputs import BATCH_VALUES
from core.registry.fields import escape
from core.registry.types import Boolean, Choice, Integer, Number, Text, TypeFault

# The same words as for REST: these types say what is wrong with a value that GraphQL's own refuse.
_TYPES = {"Int": Integer(), "Float": Number(), "Boolean": Boolean(), "String": Text(), "ID": Text()}
_MAX_FAULTS = 20
_INPUT = (GraphQLScalarType, GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull)


class UnknownVariable(BadRequest):
    """A value for a variable that no operation of the document declares."""

    code = "unknown_variable"
    title = "A variable is not known."


def coerced(
    schema: GraphQLSchema, operation: OperationDefinitionNode, given: Mapping[str, Any], known: Collection[str]
) -> dict[str, Any]:
    """The variables of an operation. Raises Invalid, whose pointers lead into the value of the variable it names."""
    unknown = [name for name in given if name not in known]
    if unknown:
        errors = [FieldError(f"/{escape(name)}", "unknown_variable", "Is not declared.") for name in unknown]
        raise UnknownVariable(errors=errors[:_MAX_FAULTS])
    values: dict[str, Any] = {}
    for definition in operation.variable_definitions:
        name = definition.variable.name.value
        kind = type_from_ast(schema, definition.type)
        if not isinstance(kind, _INPUT):
            continue  # the validation has refused it already
        if name not in given and definition.default_value is not None:
            values[name] = value_from_ast(definition.default_value, kind)
        elif name in given or isinstance(kind, GraphQLNonNull):
            values[name] = _checked(name, kind, given)
    return values


def _checked(name: str, kind: GraphQLInputType, given: Mapping[str, Any]) -> Any:
    if name not in given:
        raise _refusal(name, [FieldError("", "required", "A value is required.")])
    faults: list[FieldError] = []
    value = _coerce(kind, given[name], "", faults)
    if faults:
        raise _refusal(name, faults)
    return value


def _refusal(name: str, faults: list[FieldError]) -> Invalid:
    return Invalid(faults[:_MAX_FAULTS], f"The value of the variable ${name} is not valid.", variable=name)


def _coerce(kind: GraphQLInputType, value: Any, pointer: str, faults: list[FieldError]) -> Any:
    match kind:
        case GraphQLNonNull():
            if value is None:
                faults.append(FieldError(pointer, "null", "Must not be null."))
                return None
            return _coerce(kind.of_type, value, pointer, faults)
        case _ if value is None:
            return None
        case GraphQLList():
            if not isinstance(value, list):
                return [_coerce(kind.of_type, value, pointer, faults)]
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
    if kind.name.endswith(BATCH_VALUES):
        return _renamed(kind, value)
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


def _renamed(kind: GraphQLInputType, value: Any) -> Any:
    """Values of a batch's item: only their names are turned, so that each item fails by itself, not the whole batch."""
    match kind:
        case GraphQLNonNull():
            return _renamed(kind.of_type, value)
        case GraphQLList() if isinstance(value, list):
            return [_renamed(kind.of_type, item) for item in value]
        case GraphQLInputObjectType() if isinstance(value, dict):
            return {_own_name(kind, name): _renamed_field(kind, name, item) for name, item in value.items()}
        case _:
            return value


def _own_name(kind: GraphQLInputObjectType, name: str) -> str:
    return (kind.fields[name].out_name or name) if name in kind.fields else name


def _renamed_field(kind: GraphQLInputObjectType, name: str, value: Any) -> Any:
    return _renamed(kind.fields[name].type, value) if name in kind.fields else value


def _leaf(kind: GraphQLScalarType | GraphQLEnumType, value: Any, pointer: str, faults: list[FieldError]) -> Any:
    try:
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
