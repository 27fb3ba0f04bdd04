"""One vocabulary over both APIs, so that what comes of the same call through either can be compared with ==."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile

from core.registry.entities import Entity
from core.registry.operations import Operation
from core.registry.types import Upload

Values = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """A refusal: what programs read of it, the same whatever the transport."""

    code: str
    status: int
    errors: tuple[tuple[str, str], ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Problem:
        """From a problem document, or the extensions of a GraphQL error."""
        errors = sorted((fault["pointer"], fault["code"]) for fault in document.get("errors") or ())
        # Only GraphQL has variables to name.
        data = {key: value for key, value in (document.get("data") or {}).items() if key != "variable"}
        return cls(document["code"], document["status"], tuple(errors), data)

    def below(self, pointer: str) -> Problem:
        """The same refusal with its places below another one."""
        return replace(self, errors=tuple((pointer + place, code) for place, code in self.errors))


@dataclass(frozen=True)
class Page:
    """One page of a list."""

    rows: list[Values]
    next: str | None


Outcome = Any | Problem


class Door(Protocol):
    """Every call that both APIs offer. Returns plain data in snake_case, or the Problem."""

    name: str
    # What the last call was answered with.
    status: int
    body: bytes
    headers: Mapping[str, str]

    def list(
        self,
        entity: Entity,
        *,
        where: Any = None,
        q: Any = None,
        sort: Any = (),
        limit: Any = None,
        after: Any = None,
        expand: Sequence[str] = (),
        deleted: bool = False,
    ) -> Outcome: ...

    def search(self, entity: Entity, **options: Any) -> Outcome: ...

    def get(
        self, entity: Entity, record_id: UUID | str, *, expand: Sequence[str] = (), deleted: bool = False
    ) -> Outcome: ...

    def create(self, entity: Entity, values: Any, *, key: str | None = None) -> Outcome: ...

    def update(
        self, entity: Entity, record_id: UUID | str, values: Any, *, version: int | None = None, key: str | None = None
    ) -> Outcome: ...

    def delete(self, entity: Entity, record_id: UUID | str, *, version: int | None = None) -> Outcome: ...

    def restore(self, entity: Entity, record_id: UUID | str) -> Outcome: ...

    def batch(self, entity: Entity, items: Any, *, atomic: bool = False, key: str | None = None) -> Outcome: ...

    def aggregate(
        self,
        entity: Entity,
        *,
        group_by: Any = None,
        measures: Any = None,
        where: Any = None,
        sort: Any = None,
        limit: Any = None,
    ) -> Outcome: ...

    def feed(
        self,
        entity: Entity,
        record_id: UUID | str,
        name: str,
        *,
        limit: Any = None,
        after: Any = None,
        deleted: bool = False,
        **filters: Any,
    ) -> Outcome: ...

    def operation(
        self, operation: Operation, record_id: UUID | str | None = None, values: Values | None = None
    ) -> Outcome: ...


def is_sent_as_form(operation: Operation) -> bool:
    """Whether the operation takes a file."""
    return any(isinstance(item.type, Upload) for item in operation.input)


def rewound(values: Values) -> dict[str, UploadedFile]:
    """The files among the values, ready to be sent once more."""
    files = {name: value for name, value in values.items() if isinstance(value, UploadedFile)}
    for file in files.values():
        file.seek(0)
    return files


def downloaded(answer: Any) -> Outcome:
    """What there is to compare of a file that was fetched, or the problem."""
    content = answer.getvalue()
    if answer.status_code >= 400:
        return Problem.of(json.loads(content))
    return {
        "name": answer.headers["Content-Disposition"],
        "media_type": answer.headers["Content-Type"],
        "content": content,
    }


def encoded(content: Any) -> bytes:
    """JSON of anything, also of what is no valid text or number for anybody else."""
    return json.dumps(content).encode()


def tree_of(expand: Sequence[str]) -> dict[str, Any]:
    """Dotted paths as nested names: ("orders.lines",) -> {"orders": {"lines": {}}}."""
    tree: dict[str, Any] = {}
    for path in expand:
        level = tree
        for step in path.split("."):
            level = level.setdefault(step, {})
    return tree


def results(items: Sequence[Mapping[str, Any]]) -> list[Values]:
    """Results of a batch, with problems in the place of their documents."""
    shown = []
    for item in items:
        kept = {name: item[name] for name in ("index", "status", "id", "version")}
        shown.append(kept | {"error": None if item["error"] is None else Problem.of(item["error"])})
    return shown
