"""Conditional requests: `If-Match` for writes, `If-None-Match` for reads (RFC 9110, section 13)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from django.http import HttpRequest

from core.actors import Actor
from core.errors import BadRequest, NotFound, StaleVersion
from core.idempotency import Answer
from core.registry.entities import Entity

T = TypeVar("T")

_TAG = re.compile(r'\s*(W/)?"([\x21\x23-\x7e]*)"\s*')
_VERSION = re.compile(r"(\d{1,9})(-[0-9a-f]{1,64})?")
_MAX_TAGS = 10


class InvalidEntityTag(BadRequest):
    """The header is no list of entity tags."""

    code = "invalid_entity_tag"
    title = "An entity tag is a quoted text, as it was sent in ETag."


def wanted_versions(request: HttpRequest) -> tuple[int, ...] | None:
    """The versions that `If-Match` allows; None where any will do. Raises InvalidEntityTag or StaleVersion."""
    header = request.META.get("HTTP_IF_MATCH")
    if header is None or header.strip() == "*":
        return None
    versions = []
    for weak, tag in _tags(header):
        match = _VERSION.fullmatch(tag)
        # Weak tags never match here, and a tag that is not ours is of another state.
        if match and not weak:
            versions.append(int(match[1]))
    if not versions:
        raise StaleVersion
    return tuple(dict.fromkeys(versions))


def against(versions: tuple[int, ...] | None, write: Callable[[int | None], T]) -> T:
    """Do a write against the first of the versions that is the present one. Raises StaleVersion."""
    if versions is None:
        return write(None)
    for version in versions[:-1]:
        try:
            return write(version)
        except StaleVersion:
            continue
    return write(versions[-1])


def require_version(entity: Entity, record_id: UUID, versions: tuple[int, ...], *, actor: Actor) -> None:
    """Lock the record and see that it has one of these versions. Raises NotFound or StaleVersion."""
    rows = entity.model._default_manager.filter(pk=record_id).visible_to(actor)
    current = rows.select_for_update(of=("self",), no_key=True).values_list("version", flat=True).first()
    if current is None:
        raise NotFound(entity=entity.name, id=str(record_id))
    if current not in versions:
        raise StaleVersion(current_version=current)


def not_modified(request: HttpRequest, answer: Answer) -> bool:
    """Whether the caller already has this representation."""
    header = request.META.get("HTTP_IF_NONE_MATCH")
    tag = answer.headers.get("ETag", "").strip('"')
    if header is None or not tag:
        return False
    return header.strip() == "*" or any(candidate == tag for _, candidate in _tags(header))


def _tags(header: str) -> list[tuple[bool, str]]:
    tags: list[tuple[bool, str]] = []
    for part in header.split(",")[: _MAX_TAGS + 1]:
        match = _TAG.fullmatch(part)
        if match is None or len(tags) == _MAX_TAGS:
            raise InvalidEntityTag
        tags.append((bool(match[1]), match[2]))
    return tags
