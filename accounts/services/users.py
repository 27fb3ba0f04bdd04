"""Writes of users."""

from __future__ import annotations

from functools import cache
from uuid import UUID
from zoneinfo import available_timezones

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts import policies
from accounts.errors import Escalation
from accounts.models import Role, User, UserRole
from core.actors import Actor, Visibility
from core.errors import Conflict, FieldError, Forbidden, Invalid
from core.writes.base import Write, Writes

# What people may change about themselves without being trusted with accounts.
_OWN = frozenset({"name", "time_zone"})


class Users(Writes[User]):
    """Accounts of people. Nobody gains by them what they do not hold."""

    def prepare(self, change: Write[User]) -> None:
        """Check who may do this to whom, then the values."""
        user = change.record
        if not change.created:
            _check_target(change)
        _check_flags(change)
        _check_team(change)
        if user.time_zone not in _time_zones():
            raise Invalid.one("/time_zone", "unknown_time_zone", "Must be a name of the IANA time zone database.")
        self._roles(change)
        self._set_password(change)

    def saved(self, change: Write[User]) -> None:
        """Roles, and the address under which allauth knows them."""
        user = change.record
        if "roles" in change.values:
            wanted = {role.pk for role in _named(change.values["roles"])}
            give_roles(user.pk, wanted)
        if "email" in change.before or "deleted_at" in change.before:
            EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()

    def deleting(self, change: Write[User]) -> None:
        """A deleted user cannot sign in; restored, they must be activated first."""
        _check_target(change)
        if change.record.pk == change.actor.user_id:
            raise Conflict("You cannot delete yourself.")
        change.record.is_active = False

    def _roles(self, change: Write[User]) -> None:
        user = change.record
        if "roles" not in change.values:
            return
        roles = _named(change.values["roles"])
        held = set() if change.created else set(user.user_roles.values_list("role_id", flat=True))
        for role in roles:
            grants = policies.grants_of(role.grants.all())
            if user.partner_id is not None and _reach_beyond_partner(grants):
                raise Invalid.one("/roles", "not_for_partners", f"The role {role.key} is not for partners' people.")
            if role.pk not in held:
                policies.require_covers(change.actor, grants, team_id=user.team_id)

    def _set_password(self, change: Write[User]) -> None:
        user, password = change.record, change.values.get("password")
        if password is None:
            if change.created:
                user.set_unusable_password()
            return
        if user.pk == change.actor.user_id:
            raise Forbidden("Change your own password on the sign-in pages.")
        try:
            validate_password(password, user)
        except ValidationError as error:
            faults = (FieldError("/password", "weak_password", message) for message in error.messages)
            raise Invalid(faults) from None
        user.set_password(password)


@cache
def _time_zones() -> set[str]:
    """Their names; finding them reads six hundred files."""
    return available_timezones()


def give_roles(user_id: UUID, wanted: set[UUID]) -> None:
    """Make these the user's roles, within the transaction of the caller."""
    held = set(UserRole.objects.filter(user_id=user_id).values_list("role_id", flat=True))
    UserRole.objects.filter(user_id=user_id, role_id__in=held - wanted).delete()
    UserRole.objects.bulk_create(UserRole(user_id=user_id, role_id=role_id) for role_id in sorted(wanted - held))


def _named(keys: list[str]) -> list[Role]:
    found = {role.key: role for role in Role.objects.filter(key__in=keys, deleted_at=None).prefetch_related("grants")}
    unknown = sorted(set(keys) - set(found))
    if unknown:
        raise Invalid.one("/roles", "unknown_role", f"There is no role {unknown[0]!r}.")
    return [found[key] for key in sorted(found)]


def _reach_beyond_partner(grants: policies.Grants) -> bool:
    return any(grant.visibility is not Visibility.PARTNER for items in grants.values() for grant in items)


def _is_trusted(actor: Actor, action: str = "update") -> bool:
    """Whether the actor looks after everybody's accounts, and is a person at the keyboard."""
    return Visibility.ALL in actor.visibilities("user", action) and actor.kind not in policies.PROGRAMS


def _check_target(change: Write[User]) -> None:
    """Whoever changes an account could use it: they must hold all that it holds. Of their own, people change little."""
    actor, user = change.actor, change.record
    if actor.is_superuser:
        return
    if user.is_superuser and "is_superuser" not in change.before:
        raise Escalation()
    if user.pk == actor.user_id:
        if not (_is_trusted(actor) or set(change.values) <= _OWN):
            raise Escalation("Of your own account you may change name and time zone only.")
        return
    team_id = change.before.get("team_id", user.team_id)
    policies.require_covers(actor, policies.grants_of_user(user), team_id=team_id)


def _check_flags(change: Write[User]) -> None:
    actor, user = change.actor, change.record
    if (user.is_superuser if change.created else "is_superuser" in change.before) and not actor.is_superuser:
        raise Escalation("Only a superuser makes or unmakes superusers.")
    if (user.is_staff if change.created else "is_staff" in change.before) and not (
        actor.is_superuser or Visibility.ALL in actor.visibilities("user", "update")
    ):
        raise Escalation("Only those who look after all accounts decide who enters the admin.")
    if user.partner_id is not None and (user.is_staff or user.is_superuser):
        raise Invalid.one("/is_staff", "not_for_partners", "Partners' people cannot enter the admin.")
    if not change.created and not user.is_active and "is_active" in change.before and user.pk == actor.user_id:
        raise Conflict("You cannot deactivate yourself.")


def _check_team(change: Write[User]) -> None:
    """A team is reach: only those who look after all accounts move people beyond their own teams."""
    actor, user = change.actor, change.record
    if "team_id" not in change.before or user.team_id is None:
        return
    if actor.is_superuser or Visibility.ALL in actor.visibilities("user", "update"):
        return
    if user.pk == actor.user_id or user.team_id not in actor.team_ids:
        raise Escalation()


users = Users("user")
