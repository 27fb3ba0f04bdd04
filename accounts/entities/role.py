"""Roles in both APIs, with their grants."""

from __future__ import annotations

from accounts.entities.common import READ_ONLY, record_fields
from accounts.models import Role
from accounts.services.roles import roles
from core.actors import Visibility
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, ListOf, Shape
from core.registry.types import Choice, Text, TextList

_GRANTS = """(
    SELECT coalesce(json_agg(json_build_object('entity', g.entity, 'actions', g.actions, 'visibility', g.visibility)
                             ORDER BY g.entity, g.visibility), '[]'::json)
    FROM accounts_grant g WHERE g.role_id = {t}."id"
)"""

GRANT = Shape(
    title="RoleGrant",
    fields=(
        Field(
            "entity",
            Text(max_length=63),
            "A kind of record, or a resource such as analytics.",
            nullable=False,
            required=True,
        ),
        Field("actions", TextList(), "What may be done.", nullable=False, required=True),
        Field(
            "visibility",
            Choice(options=tuple(item.value for item in Visibility)),
            "To which records: all, those of the team and below, one's own, or those of one's partner organisation.",
            nullable=False,
            required=True,
        ),
    ),
)

ROLE = Entity(
    name="role",
    plural="roles",
    model=Role,
    doc="A named set of grants. The grants of all of one's roles add up.",
    fields=(
        *record_fields(Role),
        field(Role, "key", sortable=True, create_only=True),
        field(Role, "name", sortable=True),
        field(Role, "description"),
        field(Role, "built_in", groupable=True, **READ_ONLY),
        Field(
            "grants",
            ListOf(GRANT, max_items=500),
            "What its holders may do; written as a whole.",
            nullable=False,
            stored=False,
            filterable=False,
            sql=_GRANTS,
        ),
    ),
    writes=roles,
    keys=("external_id", "key"),
    search_fields=("name", "key"),
    identity="name",
)
