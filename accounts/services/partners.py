"""Writes of partner organisations and their people."""

from __future__ import annotations

from accounts import policies
from accounts.errors import InUse
from accounts.models import PartnerOrganisation, PartnerPerson, Role, User, UserRole
from core.actors import Visibility
from core.errors import Conflict, Invalid
from core.writes.base import Write, Writes

_ROLE_OF = {position: f"partner_{position}" for position in PartnerPerson.Position.values}


class PartnerOrganisations(Writes[PartnerOrganisation]):
    """Companies that sell with us."""

    def deleting(self, change: Write[PartnerOrganisation]) -> None:
        """One with people in it stays."""
        if change.record.people.filter(deleted_at=None).exists():
            raise InUse("The organisation still has people.")


class PartnerPeople(Writes[PartnerPerson]):
    """Membership of a user in a partner organisation; it brings the role of the position."""

    def prepare(self, change: Write[PartnerPerson]) -> None:
        """Only somebody who is nothing else with us."""
        person = change.record
        if change.created or "deleted_at" in change.before:
            _check_user(person.user)
        if change.created or {"position", "deleted_at"} & set(change.before):
            role = _role(person)
            policies.require_covers(change.actor, policies.grants_of(role.grants.all()))

    def saved(self, change: Write[PartnerPerson]) -> None:
        """The role follows the position, and goes with the person."""
        person = change.record
        wanted = set() if person.deleted_at else {_role(person).pk}
        held = UserRole.objects.filter(user_id=person.user_id, role__key__in=_ROLE_OF.values())
        held.exclude(role_id__in=wanted).delete()
        UserRole.objects.bulk_create(
            (UserRole(user_id=person.user_id, role_id=role_id) for role_id in wanted), ignore_conflicts=True
        )


def _role(person: PartnerPerson) -> Role:
    key = _ROLE_OF[person.position]
    role: Role | None = Role.objects.filter(key=key, deleted_at=None).prefetch_related("grants").first()
    if role is None:
        raise Conflict(f"The role {key} is missing; run sync_roles.")
    return role


def _check_user(user: User) -> None:
    if user.is_staff or user.is_superuser:
        raise Invalid.one("/user_id", "is_staff", "This user is one of our own.")
    beyond = UserRole.objects.filter(user=user, role__deleted_at=None, role__grants__isnull=False)
    if beyond.exclude(role__grants__visibility=Visibility.PARTNER).exists():
        raise Invalid.one("/user_id", "has_roles", "This user holds roles that are not for partners; take them first.")


partner_organisations = PartnerOrganisations("partner_organisation")
partner_people = PartnerPeople("partner_person")
