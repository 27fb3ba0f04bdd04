"""What drf-spectacular asks of a view, answered from the registry instead of from serializers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema

from core.rest.openapi.calls import describe
from core.rest.openapi.schemas import Schema


class RegistrySchema(AutoSchema):  # type: ignore[misc] # drf-spectacular is untyped
    """The schema class of every view of ours."""

    def get_operation(self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any) -> Schema | None:
        """The description of one method."""
        return describe(self.view, method, path)
