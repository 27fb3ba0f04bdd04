"""Ids of records, and free JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import NoneType
from typing import Any, ClassVar
from uuid import UUID

from core.registry.types.base import FieldType, TypeFault, require_str


@dataclass(frozen=True)
class Id(FieldType):
    """The id of a record (UUID)."""

    name: ClassVar[str] = "id"
    graphql: ClassVar[str] = "ID"

    def parse(self, value: Any) -> UUID:
        if isinstance(value, UUID):
            return value
        text = require_str(value)
        try:
            if len(text) not in (32, 36):
                raise ValueError
            return UUID(text)
        except ValueError:
            raise TypeFault("invalid_id", "Must be a UUID.") from None

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}

    def dump(self, value: Any) -> Any:
        return None if value is None else str(value)


@dataclass(frozen=True)
class Json(FieldType):
    """Free JSON (an object by default), bounded in depth and size; not filterable as a whole."""

    name: ClassVar[str] = "json"
    graphql: ClassVar[str] = "JSON"
    operators: ClassVar[frozenset[str]] = frozenset({"is_null"})
    max_depth: int = 8
    max_nodes: int = 2000
    objects_only: bool = True

    def parse(self, value: Any) -> Any:
        if self.objects_only and not isinstance(value, dict):
            raise TypeFault("wrong_type", "Must be a JSON object.")
        budget = [self.max_nodes]
        self._walk(value, self.max_depth, budget)
        return value

    def _walk(self, value: Any, depth: int, budget: list[int]) -> None:
        budget[0] -= 1
        if depth < 0 or budget[0] < 0:
            raise TypeFault("too_complex", "Is nested too deeply or has too many parts.")
        if isinstance(value, str):
            require_str(value)
        elif isinstance(value, dict):
            for key, item in value.items():
                require_str(key)
                self._walk(item, depth - 1, budget)
        elif isinstance(value, Sequence):
            for item in value:
                self._walk(item, depth - 1, budget)
        elif not isinstance(value, (bool, int, float, Decimal, NoneType)):
            # A multipart form can put a file anywhere.
            raise TypeFault("wrong_type", "Must be JSON through and through.")

    def json_schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": True} if self.objects_only else {}
