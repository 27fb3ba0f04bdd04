"""Bringing in the roles of the product: what is missing is made, what an administrator has changed stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction

from accounts import built_in
from accounts.built_in import BuiltIn
from accounts.models import Grant, Role
from core.actors import SYSTEM, Visibility
from core.history.context import acting

_LOCK = 7_412_102


def sync(*, at: datetime) -> int:
    """Make missing built-in roles, and give the others what has come into the product since; returns how many changed.

    A role remembers each default that it was once given. One that an administrator has taken away is not given again.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        acting(SYSTEM, at)
        return sum([_sync_one(role, at) for role in built_in.ROLES])


def _sync_one(definition: BuiltIn, at: datetime) -> bool:
    # A deleted one too: it was deleted by intention.
    role = Role.objects.filter(key=definition.key, built_in=True).order_by("created_at").first()
    defaults = built_in.grants(definition)
    named = {_mark(name, action): None for (name, _), actions in sorted(defaults.items()) for action in sorted(actions)}
    if role is None:
        role = Role(
            key=definition.key,
            name=definition.name,
            description=definition.description,
            built_in=True,
            created_at=at,
            updated_at=at,
        )
    new = [mark for mark in named if mark not in set(role.seeded)]
    if not new:
        return False
    if role.seeded:
        role.version += 1
    role.seeded = sorted({*role.seeded, *new})
    role.updated_at = at
    role.save()
    _give(role, defaults, set(new))
    return True


def _mark(name: str, action: str) -> str:
    return f"{name}:{action}"


def _give(role: Role, defaults: Mapping[tuple[str, Visibility], frozenset[str]], new: set[str]) -> None:
    rows = {(row.entity, row.visibility): row for row in role.grants.all()}
    for (name, visibility), actions in sorted(defaults.items()):
        added = {action for action in actions if _mark(name, action) in new}
        if not added:
            continue
        row = rows.get((name, visibility.value)) or Grant(role=role, entity=name, visibility=visibility, actions=[])
        row.actions = sorted({*row.actions, *added})
        row.save()
