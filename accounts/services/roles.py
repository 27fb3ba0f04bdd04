"""Writes of roles and their grants."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from accounts import policies
from accounts.errors import BuiltInRole, Escalation
from accounts.models import Grant, Role, UserRole
from core import registry
from core.actors import Actor
from core.errors import FieldError, Invalid
from core.writes.base import Write, Writes

_KEY = re.compile(r"[a-z][a-z0-9_]*")
Wanted = Mapping[tuple[str, str], list[str]]


class Roles(Writes[Role]):
    """Named sets of grants. Nobody puts more into a role than they hold, or edits the grants of their own."""

    def prepare(self, change: Write[Role]) -> None:
        """Check key and grants before anything is saved."""
        if change.created and not _KEY.fullmatch(change.record.key):
            raise Invalid.one("/key", "invalid_key", "Must be small letters, digits and underscores.")
        if "deleted_at" in change.before:
            # Whoever held the role holds it again.
            policies.require_covers(change.actor, policies.grants_of(change.record.grants.all()))
        if "grants" not in change.values:
            return
        wanted = _wanted(change.values["grants"] or [])
        present = {} if change.created else _present(change.record)
        if wanted == present:
            return
        actor = change.actor
        if not change.created and not policies.is_administrator(actor) and _holds(actor, change.record):
            raise Escalation("You cannot edit the grants of a role that you hold.")
        policies.require_covers(actor, policies.grants_of(_added(wanted, present)))

    def saved(self, change: Write[Role]) -> None:
        """Make the rows say what was sent."""
        if "grants" in change.values:
            set_grants(change.record, _wanted(change.values["grants"] or []))

    def deleting(self, change: Write[Role]) -> None:
        """What the product brought stays."""
        if change.record.built_in:
            raise BuiltInRole()


def set_grants(role: Role, wanted: Wanted) -> None:
    """Make these the role's grants, touching only what differs."""
    rows = {(row.entity, row.visibility): row for row in role.grants.all()}
    Grant.objects.filter(pk__in=[row.pk for key, row in rows.items() if key not in wanted]).delete()
    changed = [row for key, row in rows.items() if key in wanted and sorted(row.actions) != wanted[key]]
    for row in changed:
        row.actions = wanted[row.entity, row.visibility]
    if changed:
        Grant.objects.bulk_update(changed, ["actions"])
    Grant.objects.bulk_create(
        Grant(role=role, entity=entity, visibility=visibility, actions=actions)
        for (entity, visibility), actions in sorted(wanted.items())
        if (entity, visibility) not in rows
    )


def _holds(actor: Actor, role: Role) -> bool:
    return actor.user_id is not None and UserRole.objects.filter(role=role, user_id=actor.user_id).exists()


def _present(role: Role) -> dict[tuple[str, str], list[str]]:
    return {(row.entity, row.visibility): sorted(row.actions) for row in role.grants.all()}


def _wanted(grants: list[dict[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """The grants by entity and visibility. Raises Invalid for what cannot be granted."""
    known, errors = registry.grantable(), list[FieldError]()
    wanted: dict[tuple[str, str], list[str]] = {}
    for index, grant in enumerate(grants):
        entity, key = grant["entity"], (grant["entity"], grant["visibility"])
        unknown = sorted(set(grant["actions"]) - set(known.get(entity, ())))
        if entity not in known:
            errors.append(
                FieldError(f"/grants/{index}/entity", "unknown_entity", f"There is nothing named {entity!r}.")
            )
        elif unknown:
            message = f"{entity} has no action {unknown[0]!r}."
            errors.append(FieldError(f"/grants/{index}/actions", "unknown_action", message))
        elif key in wanted:
            errors.append(FieldError(f"/grants/{index}", "duplicate", "The same entity and visibility stand before."))
        wanted[key] = sorted(grant["actions"])
    if errors:
        raise Invalid(errors)
    return wanted


def _added(wanted: Wanted, present: Wanted) -> Iterable[Grant]:
    for (entity, visibility), actions in wanted.items():
        added = sorted(set(actions) - set(present.get((entity, visibility), ())))
        if added:
            yield Grant(entity=entity, visibility=visibility, actions=added)


roles = Roles("role")
