"""Scalars beside GraphQL's own. They only carry values: the registry's types validate them, as they do for REST."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal as Exact
from typing import Any

import graphene
from django.core.files.uploadedfile import UploadedFile
from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    GraphQLError,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)

_MAX_DIGITS = 60

Variables = Mapping[str, Any] | None


class _Text(graphene.Scalar):  # type: ignore[misc]
    """A scalar that travels as a string."""

    class Meta:
        name = "Text"

    @staticmethod
    def serialize(value: Any) -> Any:
        return value

    @staticmethod
    def parse_value(value: Any) -> Any:
        if not isinstance(value, str):
            raise GraphQLError("Must be a string.")
        return value

    @staticmethod
    def parse_literal(node: ValueNode, _variables: Variables = None) -> Any:
        if not isinstance(node, StringValueNode):
            raise GraphQLError("Must be a string.", node)
        return node.value


class Date(_Text):
    """A date of the calendar, as YYYY-MM-DD."""


class DateTime(_Text):
    """A moment with its offset from UTC (RFC 3339); answers are in UTC."""


class Decimal(_Text):
    """An exact decimal number. Answers are strings; inputs may be strings or numbers."""

    @staticmethod
    def parse_value(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise GraphQLError("Must be a decimal number, best as a string.")
        return value

    @staticmethod
    def parse_literal(node: ValueNode, _variables: Variables = None) -> Any:
        if isinstance(node, StringValueNode):
            return node.value
        if isinstance(node, (IntValueNode, FloatValueNode)):
            return Exact(_digits(node))
        raise GraphQLError("Must be a decimal number.", node)


class Upload(graphene.Scalar):  # type: ignore[misc]
    """A file, sent by the multipart request specification: null in `variables`, the file in a part of its own."""

    @staticmethod
    def serialize(value: Any) -> Any:
        raise GraphQLError("A file is no answer.")

    @staticmethod
    def parse_value(value: Any) -> Any:
        if not isinstance(value, UploadedFile):
            raise GraphQLError("Must be a file, sent as a part of multipart/form-data.")
        return value

    @staticmethod
    def parse_literal(node: ValueNode, _variables: Variables = None) -> Any:
        raise GraphQLError("A file is given by a variable.", node)


class JSON(graphene.Scalar):  # type: ignore[misc]
    """Any JSON value."""

    @staticmethod
    def serialize(value: Any) -> Any:
        return value

    @staticmethod
    def parse_value(value: Any) -> Any:
        return value

    @staticmethod
    def parse_literal(node: ValueNode, _variables: Variables = None) -> Any:
        return from_literal(node, _variables)


class Criteria(JSON):
    """Which records: `{field: "name", op: "contains", value: "x"}`, `{and: [...]}`, `{or: [...]}`, `{not: {...}}`.

    Field names are those of REST (snake_case).
    """


def from_literal(node: ValueNode, variables: Variables = None) -> Any:
    """The JSON value that a literal writes down, with variables anywhere in it."""
    match node:
        case NullValueNode():
            return None
        case StringValueNode() | BooleanValueNode() | EnumValueNode():
            return node.value
        case IntValueNode():
            return int(_digits(node))
        case FloatValueNode():
            return _finite(float(_digits(node)), node)
        case ListValueNode():
            return [from_literal(item, variables) for item in node.values]
        case ObjectValueNode():
            return {item.name.value: from_literal(item.value, variables) for item in node.fields}
        case VariableNode():
            return (variables or {}).get(node.name.value)
        case _:
            raise GraphQLError("Must be a JSON value.", node)


def _digits(node: IntValueNode | FloatValueNode) -> str:
    if len(node.value) > _MAX_DIGITS:
        raise GraphQLError(f"A number may have at most {_MAX_DIGITS} characters.", node)
    return node.value


def _finite(value: float, node: ValueNode) -> float:
    if not math.isfinite(value):
        raise GraphQLError("The number is too large.", node)
    return value


# By the name that a type of the registry gives (`FieldType.graphql`).
BY_NAME: dict[str, type[graphene.Scalar]] = {
    "ID": graphene.ID,
    "String": graphene.String,
    "Int": graphene.Int,
    "Float": graphene.Float,
    "Boolean": graphene.Boolean,
    "Decimal": Decimal,
    "Date": Date,
    "DateTime": DateTime,
    "JSON": JSON,
    "Upload": Upload,
    "Criteria": Criteria,
}
