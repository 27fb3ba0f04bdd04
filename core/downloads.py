"""Addresses under which a file can be fetched for a few minutes by whoever holds them: links need no headers.

What is kept is the call that gives the file and who made it, under an unguessable name in the cache: whoever comes for
the file gets what that caller may see at that moment, and nothing else.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.cache import cache

from core import registry
from core.actors import Actor
from core.errors import NotFound
from core.jobs import acting
from core.registry.fields import Field, Shape
from core.registry.operations import Operation
from core.registry.types import Attachment, DateTime, Integer, Text

VALID_FOR = timedelta(minutes=5)
ADDRESS = "/api/v1/downloads/"

LINK = Shape(
    title="Download",
    fields=(
        Field("url", Text(), "Fetch it from here, without further credentials, before it expires.", nullable=False),
        Field("name", Text(), "File name.", nullable=False),
        Field("media_type", Text(), nullable=False),
        Field("size", Integer(), "In bytes, where it is known beforehand."),
        Field("expires_at", DateTime(), nullable=False),
    ),
)


@dataclass(frozen=True)
class _Kept:
    operation: str
    entity: str
    actor: Mapping[str, Any]
    arguments: Mapping[str, Any]


def offer(
    operation: Operation, found: Attachment, *, actor: Actor, arguments: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    """A link to the file that the operation gave this actor, in the wire form of LINK."""
    token = secrets.token_urlsafe(32)
    kept = _Kept(operation.name, operation.entity, acting.noted(actor), dict(arguments))
    cache.set(_key(token), kept, timeout=int(VALID_FOR.total_seconds()))
    return {
        "url": ADDRESS + token,
        "name": found.name,
        "media_type": found.media_type,
        "size": found.size,
        "expires_at": DateTime().dump(at + VALID_FOR),
    }


def fetch(token: str, *, at: datetime) -> Attachment:
    """The file behind a link, as far as whoever asked for the link may still have it.

    Raises NotFound where there is none or it has expired, ActsNoMore, or what the call itself raises.
    """
    kept: _Kept | None = cache.get(_key(token))
    if kept is None:
        raise NotFound("There is no such link, or it has expired.")
    operation = next(item for item in _operations(kept.entity) if item.name == kept.operation)
    actor = acting.recalled(kept.actor, at=at)
    actor.require(operation.entity, operation.action)
    found: Attachment = operation.run(actor=actor, at=at, **kept.arguments)
    return found


def arguments_of(values: Mapping[str, Any], record_id: UUID | None) -> dict[str, Any]:
    """What the operation is run with, beside actor and moment."""
    return dict(values) if record_id is None else {**values, "record_id": record_id}


def _operations(entity: str) -> list[Operation]:
    declared = [item for item in registry.entities() if item.name == entity]
    return [*(declared[0].operations if declared else ()), *registry.operations()]


def _key(token: str) -> str:
    return f"download:{token}"
