"""The one language of criteria: which records. Parsed against the registry, compiled to Django's Q (and by others)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from core.actors import Actor
from core.criteria.nodes import And, Condition, Node, Not, Or, Related
from core.criteria.parser import parse
from core.criteria.sql import compile_q
from core.registry.entities import Entity

__all__ = ["And", "Condition", "Node", "Not", "Or", "Related", "parse", "to_q"]


def to_q(entity: Entity, tree: Any, *, actor: Actor, at: datetime) -> Q:
    """The condition on `entity` that a criteria tree stands for, as this actor sees the data, at the moment `at`.

    Raises InvalidCriteria, whose errors point at the JSON node.
    """
    return compile_q(entity, parse(entity, tree, actor=actor), actor=actor, at=at)
