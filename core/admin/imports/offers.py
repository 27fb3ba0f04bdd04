"""What somebody may import."""

from __future__ import annotations

from core.actors import Actor
from core.errors import DomainError
from core.imports import kinds


def may_import(actor: Actor, name: str) -> bool:
    """Whether rows of a file may become such records, made by this actor."""
    if not actor.may("import", "upload"):
        return False
    try:
        kind = kinds.of(name)
        kind.require(actor, frozenset(), {"mode": "create", "returns": "skip"})
    except DomainError:
        return False
    return True


def importable(actor: Actor) -> list[str]:
    """The names of everything that the actor may import."""
    return [name for name in kinds.importable() if may_import(actor, name)]
