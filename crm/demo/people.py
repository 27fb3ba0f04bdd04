"""The demo's staff: teams by regional office and manager, their agents, one person for every role, two partners."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import ApiKey, PartnerOrganisation, PartnerPerson, Team, User
from accounts.services.api_keys import api_keys
from accounts.services.partners import partner_organisations, partner_people
from accounts.services.teams import teams
from accounts.services.users import users
from core.actors import SYSTEM, Door
from core.models.record import Record
from core.writes.base import Writes
from crm.demo.files import rows
from crm.demo.names import staff_email

ACTOR = SYSTEM.through(Door.IMPORT)
COMPANY_TEAM, CONSUMER_TEAM = "Bifocal Demo", "Consumer business"
PARTNERS = ("Larkspur Resale", "Foxglove Distribution")

# Who signs in for which role; the first two are people of the sales data.
MANAGER, SALES = "Melvin Marxen", "Darcel Schlecht"
OFFICE_ROLES = {
    "administrator": "Ada Admin", "marketing": "Mia Market", "service": "Sam Service", "analyst": "Ana Lyst",
    "integration": "Ida Integration",
}  # fmt: skip
PARTNER_PEOPLE = (
    ("partner_manager", "Paul Larkspur", 0, "manager"),
    ("partner_manager", "Petra Foxglove", 1, "manager"),
    ("partner_member", "Pia Larkspur", 0, "member"),
)


@dataclass
class People:
    """What the data sets refer to, by name; and the sign-ins that were made or renewed now."""

    teams: dict[str, UUID] = field(default_factory=dict)
    users: dict[str, UUID] = field(default_factory=dict)
    partners: list[UUID] = field(default_factory=list)
    team_of: dict[str, str] = field(default_factory=dict)
    office_of: dict[str, str] = field(default_factory=dict)


@dataclass
class Credentials:
    """The demo's sign-ins and keys, kept for the person who runs it. They differ from installation to installation."""

    sign_ins: list[dict[str, str]] = field(default_factory=list)
    api_keys: dict[str, str] = field(default_factory=dict)

    def password_of(self, email: str) -> str | None:
        return next((one["password"] for one in self.sign_ins if one["email"] == email), None)

    def as_dict(self) -> dict[str, Any]:
        return {"sign_ins": self.sign_ins, "api_keys": self.api_keys}

    @classmethod
    def from_dict(cls, known: Mapping[str, Any]) -> Credentials:
        return cls(sign_ins=list(known.get("sign_ins", ())), api_keys=dict(known.get("api_keys", {})))


def load(known: Credentials, at: datetime) -> tuple[People, Credentials]:
    """Make what is missing. A password or key that `known` has not got is made anew."""
    people, credentials = People(), Credentials()
    _teams_and_agents(people, at)
    signing_in = [*OFFICE_ROLES.items()]
    signing_in[1:1] = [("manager", MANAGER), ("sales", SALES)]
    for role, name in OFFICE_ROLES.items():
        team = CONSUMER_TEAM if role in {"marketing", "service"} else COMPANY_TEAM
        _user(people, name, team, role, at)
    for organisation in PARTNERS:
        values = {"name": organisation, "kind": "reseller", "owner_id": str(people.users[MANAGER])}
        people.partners.append(_made(partner_organisations, PartnerOrganisation, organisation, values, at))
    for role, name, index, position in PARTNER_PEOPLE:
        _user(people, name, None, None, at)
        link = {
            "user_id": str(people.users[name]),
            "organisation_id": str(people.partners[index]),
            "position": position,
        }
        _made(partner_people, PartnerPerson, name, link, at)
        signing_in.append((role, name))
    for role, name in signing_in:
        _sign_in(credentials, known, role, name, people.users[name], at)
    return people, credentials


def _teams_and_agents(people: People, at: datetime) -> None:
    people.teams[COMPANY_TEAM] = _made(teams, Team, COMPANY_TEAM, {"name": COMPANY_TEAM}, at)
    _team(people, CONSUMER_TEAM, COMPANY_TEAM, at)
    for row in rows("sales_pipeline_sales_teams"):
        office, manager, agent = row["regional_office"], row["manager"], row["sales_agent"]
        team = f"{manager}'s team"
        _team(people, office, COMPANY_TEAM, at)
        _team(people, team, office, at)
        people.team_of[agent] = people.team_of[manager] = team
        people.office_of[agent] = people.office_of[manager] = office
        _user(people, manager, team, "manager", at)
        _user(people, agent, team, "sales", at)


def _team(people: People, name: str, parent: str, at: datetime) -> None:
    if name not in people.teams:
        values = {"name": name, "parent_id": str(people.teams[parent])}
        people.teams[name] = _made(teams, Team, name, values, at)


def _user(people: People, name: str, team: str | None, role: str | None, at: datetime) -> None:
    if name in people.users:
        return
    values: dict[str, Any] = {"name": name, "email": staff_email(name), "is_staff": team is not None}
    if team is not None:
        values["team_id"] = str(people.teams[team])
    if role is not None:
        values["roles"] = [role]
    people.users[name] = _made(users, User, name, values, at)


def _made(writes: Writes[Any], model: type[Record], name: str, values: Mapping[str, Any], at: datetime) -> UUID:
    """The id of the demo's record of that name, made if it is not there."""
    external_id = f"demo:{name}"
    found: UUID | None = model._default_manager.filter(external_id=external_id).values_list("pk", flat=True).first()
    return found or writes.create(actor=ACTOR, values={"external_id": external_id, **values}, at=at).pk


def _sign_in(credentials: Credentials, known: Credentials, role: str, name: str, user_id: UUID, at: datetime) -> None:
    user, email = User.objects.get(pk=user_id), staff_email(name)
    password = known.password_of(email) if user.has_usable_password() else None
    if password is None:
        password = secrets.token_urlsafe(15)
        users.update(actor=ACTOR, record_id=user_id, values={"password": password}, at=at)
    credentials.sign_ins.append({"role": role, "email": email, "password": password})
    # The second partner's key is told apart from the first one's.
    label = role if role not in credentials.api_keys else f"{role}_{PARTNERS[1].split()[0].lower()}"
    present = ApiKey.objects.filter(user_id=user_id, revoked_at=None, external_id=f"demo:{name}")
    if label in known.api_keys and present.exists():
        credentials.api_keys[label] = known.api_keys[label]
        return
    for old in list(present):
        api_keys.revoke(actor=ACTOR, at=at, record_id=old.pk)
        ApiKey.objects.filter(pk=old.pk).update(external_id=None)
    issued = api_keys.issue(actor=ACTOR, at=at, name=f"Demo {label}", scopes=["read", "write"], user_id=user_id)
    ApiKey.objects.filter(pk=issued["id"]).update(external_id=f"demo:{name}")
    credentials.api_keys[label] = issued["key"]
