"""An operation: a call that is no plain reading or writing of a record, offered by both APIs from one declaration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.registry.fields import Field
from core.registry.types import FieldType


class OperationKind(StrEnum):
    """Queries read; mutations write and honour idempotency keys."""

    QUERY = "query"
    MUTATION = "mutation"


@dataclass(frozen=True)
class Operation:
    """One call.

    name: snake_case verb phrase; in GraphQL `win_deal` becomes `winDeal`.
    path: REST path under /api/v1/; on a record (`entity` set, `on_record`) it is relative to `/<plural>/{id}/`.
    method: HTTP method. GET operations take their input as query parameters.
    input: its parameters. output: the type of its answer, or None for the entity's own record (`run` returns its id).
    run: called as `run(actor=, at=, **input)`, with `record_id=` on a record.
    action: the action on `entity` that the caller must be granted; checked before `run`, which checks the record.
    """

    name: str
    path: str
    run: Callable[..., Any]
    entity: str
    action: str
    kind: OperationKind = OperationKind.MUTATION
    method: str = "POST"
    on_record: bool = False
    input: tuple[Field, ...] = ()
    output: FieldType | None = None
    doc: str = ""
    status: int = 200
    tags: tuple[str, ...] = ()
