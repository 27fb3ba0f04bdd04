"""Criteria as the input of a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from core.registry.types.base import FieldType, TypeFault


@dataclass(frozen=True)
class Criteria(FieldType):
    """A tree of criteria; what it says is checked by whoever knows the entity, and its faults are reported by place."""

    name: ClassVar[str] = "criteria"
    graphql: ClassVar[str] = "Criteria"
    operators: ClassVar[frozenset[str]] = frozenset()

    def parse(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise TypeFault("wrong_type", "Must be an object.")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"$ref": "#/components/schemas/Criteria"}
