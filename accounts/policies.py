"""Who may hand out what: nobody gives another, or themselves, more than they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from accounts import scopes
from accounts.built_in import PRIVATE
from accounts.errors import Escalation
from accounts.models import Grant as GrantRow
from accounts.models import User
from core.actors import Actor, ActorKind, Grant, Visibility

Grants = Mapping[str, tuple[Grant, ...]]

PROGRAMS = (ActorKind.API_KEY, ActorKind.OAUTH_CLIENT)


def grants_of(rows: Iterable[GrantRow]) -> Grants:
    """Rows as the grants of an actor."""
    grants: dict[str, tuple[Grant, ...]] = {}
    for row in rows:
        grant = Grant(frozenset(row.actions), Visibility(row.visibility))
        grants[row.entity] = (*grants.get(row.entity, ()), grant)
    return grants


def grants_of_user(user: User) -> Grants:
    """What the user's roles grant, whether or not they may sign in now."""
    if user.is_superuser:
        return scopes.everything()
    rows = GrantRow.objects.filter(role__user_roles__user=user.pk, role__deleted_at=None)
    return grants_of(row for row in rows if user.partner_id is None or row.visibility == Visibility.PARTNER)


def covers(actor: Actor, wanted: Grants, *, team_id: UUID | None = None) -> bool:
    """Whether the actor holds all of `wanted`, as somebody in the team `team_id` would."""
    return actor.is_superuser or all(
        _reaches(actor, actor.visibilities(entity, action), grant.visibility, team_id)
        for entity, grants in wanted.items()
        for grant in grants
        for action in grant.actions
    )


def require_covers(actor: Actor, wanted: Grants, *, team_id: UUID | None = None) -> None:
    """Raise Escalation unless the actor holds all of `wanted`."""
    if not covers(actor, wanted, team_id=team_id):
        raise Escalation()


def is_administrator(actor: Actor) -> bool:
    """Whether the actor holds everything that can be granted, but for what is each one's own."""
    return covers(actor, {name: grants for name, grants in scopes.everything().items() if name not in PRIVATE})


def _reaches(actor: Actor, held: frozenset[Visibility], wanted: Visibility, team_id: UUID | None) -> bool:
    if Visibility.ALL in held and actor.partner_id is None:
        return True
    match wanted:
        case Visibility.ALL:
            return False
        case Visibility.TEAM:
            return Visibility.TEAM in held and (team_id is None or team_id in actor.team_ids)
        case Visibility.OWN:
            return bool(held & {Visibility.TEAM, Visibility.OWN})
    return Visibility.PARTNER in held
