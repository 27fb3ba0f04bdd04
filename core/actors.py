"""Who is acting, through which door, and what they may do. Public functions take an `Actor`; it is never None."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from core.errors import Forbidden, NotAuthenticated


class ActorKind(StrEnum):
    """What kind of party acts."""

    ANONYMOUS = "anonymous"
    USER = "user"
    API_KEY = "api_key"
    OAUTH_CLIENT = "oauth_client"
    PARTNER = "partner"
    SYSTEM = "system"


class Door(StrEnum):
    """By which interface the actor came in; kept in the history of every change."""

    REST = "rest"
    GRAPHQL = "graphql"
    ADMIN = "admin"
    EXTRANET = "extranet"
    WORKER = "worker"
    IMPORT = "import"
    SHELL = "shell"


class Visibility(StrEnum):
    """Which records a grant reaches."""

    ALL = "all"
    TEAM = "team"
    OWN = "own"
    PARTNER = "partner"


@dataclass(frozen=True, slots=True)
class Grant:
    """What may be done to one kind of record, and to which of them."""

    actions: frozenset[str]
    visibility: Visibility


@dataclass(frozen=True, slots=True)
class Actor:
    """A resolved party: identity, door and effective grants (entity name -> grants, one per visibility).

    `is_superuser` passes every check; it is True only for SYSTEM and for users marked so.
    `team_ids` are the actor's teams and all below them. `partner_id` is the partner organisation, if any.
    """

    kind: ActorKind
    id: UUID | None = None
    label: str = ""
    door: Door = Door.SHELL
    user_id: UUID | None = None
    team_id: UUID | None = None
    team_ids: frozenset[UUID] = frozenset()
    partner_id: UUID | None = None
    grants: Mapping[str, tuple[Grant, ...]] = field(default_factory=dict)
    is_superuser: bool = False

    @property
    def is_partners(self) -> bool:
        """Whether it is one of a partner organisation's people, who never see beyond it."""
        return self.partner_id is not None and not self.is_superuser

    @property
    def is_authenticated(self) -> bool:
        return self.kind is not ActorKind.ANONYMOUS

    def visibilities(self, entity: str, action: str) -> frozenset[Visibility]:
        """The visibilities under which the actor may do `action` to records of `entity`; empty means not at all."""
        if self.is_superuser:
            return frozenset({Visibility.ALL})
        return frozenset(grant.visibility for grant in self.grants.get(entity, ()) if action in grant.actions)

    def may(self, entity: str, action: str) -> bool:
        """Whether the actor may do `action` to at least some record of `entity`."""
        return bool(self.visibilities(entity, action))

    def require(self, entity: str, action: str) -> None:
        """Raise NotAuthenticated or Forbidden unless `may`."""
        if self.may(entity, action):
            return
        if not self.is_authenticated:
            raise NotAuthenticated()
        raise Forbidden(entity=entity, action=action)

    def within(self, bounds: Mapping[str, tuple[Grant, ...]]) -> Actor:
        """The same actor, with no more than these grants."""
        if self.is_superuser:
            return replace(self, grants=dict(bounds), is_superuser=False)
        left: dict[str, tuple[Grant, ...]] = {}
        for entity, grants in self.grants.items():
            within = {grant.visibility: grant.actions for grant in bounds.get(entity, ())}
            kept = ((grant.actions & within.get(grant.visibility, frozenset()), grant.visibility) for grant in grants)
            left[entity] = tuple(Grant(actions, reach) for actions, reach in kept if actions)
        return replace(self, grants={entity: grants for entity, grants in left.items() if grants}, is_superuser=False)

    def through(self, door: Door) -> Actor:
        """The same actor by another door."""
        return replace(self, door=door)


ANONYMOUS = Actor(kind=ActorKind.ANONYMOUS, label="anonymous")
SYSTEM = Actor(kind=ActorKind.SYSTEM, label="system", door=Door.WORKER, is_superuser=True)
