"""Files: sent along with a call, and given as an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.files.uploadedfile import UploadedFile

from core.body import limit_of
from core.registry.types.base import FieldType, TypeFault


@dataclass(frozen=True)
class Upload(FieldType):
    """A file that comes with the call: a part of `multipart/form-data` in REST, by the multipart spec in GraphQL.

    `parse` returns Django's UploadedFile: its name is what the sender says, its content is on disk where it is large.
    limit: the name of its size limit among BIFOCAL_BODY_LIMITS.
    """

    name: ClassVar[str] = "upload"
    graphql: ClassVar[str] = "Upload"
    operators: ClassVar[frozenset[str]] = frozenset()
    limit: str = "upload"

    def parse(self, value: Any) -> UploadedFile[Any]:
        if not isinstance(value, UploadedFile):
            raise TypeFault("wrong_type", "Must be a file, sent as a part of multipart/form-data.")
        most = limit_of(self.limit)
        if (value.size or 0) > most:
            raise TypeFault("too_large", f"A file may have at most {most} bytes.")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "contentMediaType": "application/octet-stream"}


@dataclass(frozen=True)
class Attachment:
    """A file to be downloaded. `chunks` opens its content anew at each call; `size` in bytes, where it is known."""

    name: str
    media_type: str
    chunks: Callable[[], Iterable[bytes]]
    size: int | None = None


@dataclass(frozen=True)
class Download(FieldType):
    """The answer of a query that gives a file: `run` returns an Attachment.

    REST sends its bytes; GraphQL tells the address under which they are for a few minutes (core.downloads).
    """

    name: ClassVar[str] = "download"
    graphql: ClassVar[str] = "Download"
    operators: ClassVar[frozenset[str]] = frozenset()

    def parse(self, value: Any) -> Any:
        raise TypeFault("wrong_type", "Is no input.")

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "contentMediaType": "application/octet-stream"}
