"""People for tests: of every built-in role, in teams and partner organisations, each with an API key."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts import built_in
from accounts.models import ApiKey, Grant, PartnerOrganisation, PartnerPerson, Team, User
from accounts.services.api_keys import api_keys
from accounts.services.partners import partner_organisations, partner_people
from accounts.services.teams import teams
from accounts.services.users import users
from core.actors import SYSTEM, Visibility
from core.models.record import Record
from core.registry.entities import Entity
from tests.support.samples import AT, Samples

PARTNER_ROLES = ("partner_manager", "partner_member")
STAFF_ROLES = tuple(role.key for role in built_in.ROLES if role.key not in PARTNER_ROLES)


@dataclass(frozen=True)
class Hands:
    """Whose a record is."""

    user: User
    team: Team | None = None
    partner: PartnerOrganisation | None = None

    def take(self, record: Record) -> None:
        """Make the record theirs, along the paths that its scope names."""
        for scope in _parts(record):
            for paths, owner in ((scope.owner, self.user), (scope.team, self.team), (scope.partner, self.partner)):
                for path in paths:
                    if (type(record), path) not in _FIXED:
                        _set(record, path.split("__"), owner.pk if owner else None)
        record.refresh_from_db()

    def give(self, samples: Samples, entity: Entity) -> Record:
        """A record of this kind that is theirs: they themselves where it is their user, team or organisation."""
        scope = entity.model.scope
        for paths, owner in ((scope.owner, self.user), (scope.team, self.team), (scope.partner, self.partner)):
            if "id" in paths and isinstance(owner, entity.model):
                return owner
        record = samples.make(entity)
        self.take(record)
        return record


# One of our own does not become a partner's person by looking after one.
_FIXED = frozenset({(PartnerPerson, "user_id")})


def _parts(record: Record) -> tuple[Any, ...]:
    """The scopes under each of which a record must be visible: one, or several for what joins two records."""
    return getattr(record.scope, "of", (record.scope,))


def _set(record: Any, path: list[str], value: UUID | None) -> None:
    *way, last = path
    for step in way:
        record = getattr(record, step)
        if record is None:
            return
    column = next(item for item in record._meta.concrete_fields if item.attname == last)
    # A record that is itself the owner, team or partner cannot be given away, nor can one be left without.
    if not column.primary_key and (value is not None or column.null):
        type(record).objects.filter(pk=record.pk).update(**{last: value})


@dataclass(frozen=True)
class Person:
    """Somebody who calls: `key` is their API key, None for nobody."""

    name: str
    user: User | None = None
    key: str | None = None
    team_ids: frozenset[UUID] = frozenset()
    partner_id: UUID | None = None
    grants: dict[str, list[tuple[frozenset[str], Visibility]]] = field(default_factory=dict)

    @property
    def is_anonymous(self) -> bool:
        return self.user is None

    def visibilities(self, entity: str, action: str) -> set[Visibility]:
        """How far their roles let them do it, read from the rows of the grants; partners' people only as partners."""
        found = {visibility for actions, visibility in self.grants.get(entity, ()) if action in actions}
        return found & {Visibility.PARTNER} if self.partner_id else found

    def reaches(self, record: Record, entity: str, action: str) -> bool:
        """Whether they may do this to that record: the plain reading of what visibilities mean."""
        found = self.visibilities(entity, action)
        return all(self._reaches(record, found, scope) for scope in _parts(record))

    def _reaches(self, record: Record, found: set[Visibility], scope: Any) -> bool:
        if scope.is_open:
            return bool(found)
        if self.partner_id is not None:
            return bool(found) and self.partner_id in _ends(record, scope.partner)
        own = self.user is not None and self.user.pk in _ends(record, scope.owner)
        return (
            Visibility.ALL in found
            or (own and bool(found & {Visibility.OWN, Visibility.TEAM}))
            or (Visibility.TEAM in found and bool(self.team_ids & _ends(record, scope.team)))
        )


def _ends(record: Any, paths: tuple[str, ...]) -> set[UUID]:
    """The ids at the ends of the paths of a scope."""
    ends = set()
    for path in paths:
        end = record
        for step in path.split("__"):
            end = None if end is None else getattr(end, step)
        if end is not None:
            ends.add(end)
    return ends


class Company:
    """A small organisation: two regions, one with a district; every built-in role in the north; two partners."""

    def __init__(self, at: datetime = AT) -> None:
        self.at = at
        self.north = self._team("North")
        self.north_east = self._team("North East", parent_id=str(self.north.pk))
        self.south = self._team("South")
        self.stranger = self._user("stranger", self.south)
        self.colleague = self._user("colleague", self.north_east)
        self.partners = {name: self._partner(name) for name in ("Alder", "Birch")}
        staff = {key: self.person(key, self._user(key, self.north, roles=[key])) for key in STAFF_ROLES}
        partners = {
            f"{position} of {name}": self._partner_person(name, position)
            for name in self.partners
            for position in ("manager", "member")
        }
        # Everybody who calls, by name.
        self.people = staff | partners | {"anonymous": Person("anonymous")}

    def hands(self, person: Person) -> dict[str, Hands]:
        """Whose records there can be, as this person sees it: their own, their team's, others'."""
        others = {"other": Hands(self.stranger, self.south, self.partners["Birch"])}
        if person.user is None:
            return others
        if person.partner_id is not None:
            own = next(item for item in self.partners.values() if item.pk == person.partner_id)
            other = next(item for item in self.partners.values() if item.pk != person.partner_id)
            return {"own": Hands(person.user, None, own), "other": Hands(self.stranger, self.south, other)}
        return {"own": Hands(person.user, self.north), "team": Hands(self.colleague, self.north_east)} | others

    def person(self, name: str, user: User) -> Person:
        """The user with a key that may do all that they may."""
        told = api_keys.issue(actor=SYSTEM, at=self.at, name=f"key of {name}", scopes=["write"], user_id=user.pk)
        teams_below = {self.north.pk, self.north_east.pk} if user.team_id == self.north.pk else {user.team_id}
        grants: dict[str, list[tuple[frozenset[str], Visibility]]] = {}
        for row in Grant.objects.filter(role__user_roles__user=user):
            grants.setdefault(row.entity, []).append((frozenset(row.actions), Visibility(row.visibility)))
        user.refresh_from_db()
        team_ids = frozenset(item for item in teams_below if item)
        return Person(name, user, told["key"], team_ids, user.partner_id, grants)

    def key_record(self, person: Person) -> ApiKey:
        """The API key by which the person calls."""
        return ApiKey.objects.get(user=person.user, name=f"key of {person.name}")

    def _team(self, name: str, **values: Any) -> Team:
        return teams.create(actor=SYSTEM, values={"name": name, **values}, at=self.at)

    def _user(self, name: str, team: Team | None, *, roles: list[str] | None = None) -> User:
        address = f"{name.replace(' ', '.').lower()}@example.com"
        values = {"email": address, "name": name.title(), "roles": roles or []}
        values |= {"team_id": str(team.pk)} if team else {}
        return users.create(actor=SYSTEM, values=values, at=self.at)

    def _partner(self, name: str) -> PartnerOrganisation:
        return partner_organisations.create(actor=SYSTEM, values={"name": name}, at=self.at)

    def _partner_person(self, organisation: str, position: str) -> Person:
        user = self._user(f"{position} at {organisation}", None)
        values = {"user_id": str(user.pk), "organisation_id": str(self.partners[organisation].pk), "position": position}
        partner_people.create(actor=SYSTEM, values=values, at=self.at)
        return self.person(f"{position} of {organisation}", user)
