"""Who is calling: the first question of every client."""

from __future__ import annotations

from accounts.entities.role import GRANT
from accounts.selectors import identity
from core.actors import ActorKind
from core.registry.fields import Field, ListOf, Shape
from core.registry.operations import Operation, OperationKind
from core.registry.types import Boolean, Choice, Id, Text, TextList

IDENTITY = Shape(
    title="Identity",
    fields=(
        Field("kind", Choice(options=tuple(item.value for item in ActorKind)), "What kind of party.", nullable=False),
        Field("id", Id(), "The user, or the key that acts as them."),
        Field("label", Text(), "How the history names this party.", nullable=False),
        Field("user_id", Id()),
        Field("email", Text()),
        Field("name", Text()),
        Field("time_zone", Text()),
        Field("is_staff", Boolean(), "Whether the admin is open to them.", nullable=False),
        Field("is_superuser", Boolean(), "Whether every check is passed.", nullable=False),
        Field("team_id", Id()),
        Field("team_name", Text()),
        Field("partner_id", Id()),
        Field("partner_name", Text()),
        Field("roles", TextList(), "Keys of the roles held.", nullable=False),
        Field("grants", ListOf(GRANT), "What all roles grant together, within the key's scopes.", nullable=False),
    ),
)

ME = Operation(
    name="me",
    path="me",
    run=identity.me,
    entity=identity.RESOURCE,
    action="view",
    kind=OperationKind.QUERY,
    method="GET",
    output=IDENTITY,
    doc="Who is calling, and what they may do.",
)
