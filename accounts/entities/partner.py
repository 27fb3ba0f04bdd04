"""Partner organisations and their people in both APIs."""

from __future__ import annotations

from accounts.entities.common import record_fields
from accounts.models import PartnerOrganisation, PartnerPerson
from accounts.services.partners import partner_organisations, partner_people
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import many, one
from core.registry.types import Code

PARTNER_ORGANISATION = Entity(
    name="partner_organisation",
    plural="partner-organisations",
    model=PartnerOrganisation,
    doc="A company that sells with us or for us. Its people see its own records and no other's.",
    fields=(
        *record_fields(PartnerOrganisation),
        field(PartnerOrganisation, "name", sortable=True),
        field(PartnerOrganisation, "kind", groupable=True),
        field(PartnerOrganisation, "is_active", groupable=True),
        field(PartnerOrganisation, "website"),
        field(PartnerOrganisation, "country", type=Code(max_length=2), groupable=True),
        field(PartnerOrganisation, "owner_id", reference="user", groupable=True),
        field(PartnerOrganisation, "team_id", reference="team", groupable=True),
    ),
    relations=(
        one("owner", "user", doc="Our person who looks after them."),
        one("team", "team", doc="Our team that does."),
        many("people", "partner_person", "organisation_id", "Their people."),
    ),
    writes=partner_organisations,
    keys=("external_id", "name"),
    search_fields=("name",),
    identity="name",
)

PARTNER_PERSON = Entity(
    name="partner_person",
    plural="partner-people",
    model=PartnerPerson,
    doc="A user's membership in a partner organisation. The position brings the role partner_manager or _member.",
    fields=(
        *record_fields(PartnerPerson),
        field(PartnerPerson, "user_id", reference="user", create_only=True),
        field(PartnerPerson, "organisation_id", reference="partner_organisation", create_only=True, groupable=True),
        field(PartnerPerson, "position", groupable=True),
        field(PartnerPerson, "job_title"),
    ),
    relations=(
        one("user", "user", doc="The user."),
        one("organisation", "partner_organisation", doc="The organisation."),
    ),
    writes=partner_people,
)
