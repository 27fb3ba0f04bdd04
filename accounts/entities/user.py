"""Users and teams in both APIs."""

from __future__ import annotations

from accounts.entities.common import READ_ONLY, record_fields
from accounts.models import Team, User
from accounts.services.teams import teams
from accounts.services.users import users
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, many, one
from core.registry.types import Text, TextList

_ROLES = """(
    SELECT coalesce(json_agg(r.key ORDER BY r.key), '[]'::json)
    FROM accounts_user_role h JOIN accounts_role r ON r.id = h.role_id AND r.deleted_at IS NULL
    WHERE h.user_id = {t}."id"
)"""

USER = Entity(
    name="user",
    plural="users",
    model=User,
    doc="Somebody who can sign in. A deleted user who is restored must be activated again.",
    fields=(
        *record_fields(User),
        field(User, "email", sortable=True),
        field(User, "name", sortable=True),
        field(User, "is_active", groupable=True),
        field(User, "is_staff", groupable=True),
        field(User, "is_superuser", groupable=True),
        field(User, "team_id", reference="team", groupable=True),
        field(User, "partner_id", reference="partner_organisation", groupable=True, **READ_ONLY),
        field(User, "time_zone", groupable=True),
        field(User, "last_login", sortable=True, doc="When they last signed in.", **READ_ONLY),
        Field(
            "roles",
            TextList(),
            "The keys of the roles that they hold.",
            nullable=False,
            stored=False,
            filterable=False,
            sql=_ROLES,
        ),
        Field(
            "password",
            Text(max_length=128),
            "A first password; never shown. Without one they sign in after a reset by e-mail.",
            stored=False,
            readable=False,
            filterable=False,
        ),
    ),
    relations=(
        one("team", "team", doc="The team they belong to."),
        one("partner", "partner_organisation", doc="The partner organisation they belong to."),
        many("api_keys", "api_key", "user_id", "Keys that act as them."),
        many("partner_people", "partner_person", "user_id", "Their membership in a partner organisation."),
        many("sign_ins", "sign_in_event", "user_id", "When they signed in, or tried to."),
    ),
    writes=users,
    keys=("external_id", "email"),
    search_fields=("name", "email"),
    identity="name",
)

TEAM = Entity(
    name="team",
    plural="teams",
    model=Team,
    doc="A group of people in a tree: visibility `team` reaches the records of one's team and of those below it.",
    fields=(
        *record_fields(Team),
        field(Team, "name", sortable=True),
        field(Team, "parent_id", reference="team", groupable=True),
    ),
    relations=(
        one("parent", "team", doc="The team it is part of."),
        many("children", "team", "parent_id", "The teams right below it."),
        many("members", "user", "team_id", "Its people."),
    ),
    writes=teams,
    keys=("external_id", "name"),
    search_fields=("name",),
    identity="name",
)
