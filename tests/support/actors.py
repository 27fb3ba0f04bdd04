"""Actors for tests, with exactly the grants that a test names."""

from __future__ import annotations

from uuid import UUID, uuid4

from core.actors import Actor, ActorKind, Door, Grant, Visibility

EVERYTHING = ("view", "create", "update", "delete", "restore")


def clerk(
    *entities: str,
    actions: tuple[str, ...] = EVERYTHING,
    visibility: Visibility = Visibility.ALL,
    user_id: UUID | None = None,
    team_ids: frozenset[UUID] = frozenset(),
    partner_id: UUID | None = None,
) -> Actor:
    """A user who may do these actions to these kinds of record, as far as the visibility reaches."""
    user = user_id or uuid4()
    grant = Grant(frozenset(actions), visibility)
    return Actor(
        kind=ActorKind.PARTNER if partner_id else ActorKind.USER,
        id=user,
        label="clerk@example.com",
        door=Door.REST,
        user_id=user if user_id else None,
        team_ids=team_ids,
        partner_id=partner_id,
        grants=dict.fromkeys(entities, (grant,)),
    )
