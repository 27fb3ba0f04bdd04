"""Bases: records that belong to somebody, and records that carry tags and custom fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.actors import Actor, Visibility
from core.models.record import Record
from core.models.scope import Scope

MONEY: dict[str, Any] = {"max_digits": 16, "decimal_places": 2}
PRICE: dict[str, Any] = {"max_digits": 16, "decimal_places": 4}
QUANTITY: dict[str, Any] = {"max_digits": 14, "decimal_places": 3}


class Owned(Record):
    """A record of a user, a team and, where a partner brought or serves it, a partner organisation."""

    owner = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The user who looks after it.",
    )
    team = models.ForeignKey(
        "accounts.Team",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The team that looks after it.",
    )
    partner = models.ForeignKey(
        "accounts.PartnerOrganisation",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The partner organisation that brought or serves it.",
    )

    scope: ClassVar[Scope] = Scope(owner=("owner_id",), team=("team_id",), partner=("partner_id",))

    class Meta:
        abstract = True


class Customised(models.Model):
    """A record with fields that the organisation defines (see `CustomField`)."""

    custom = models.JSONField(default=dict, blank=True, help_text="Values of custom fields, by key.")

    class Meta:
        abstract = True


class Described(Customised):
    """A record with fields of the organisation's own, and tags."""

    tags = ArrayField(
        models.CharField(max_length=64), default=list, blank=True, help_text="Names of tags; unknown ones are made."
    )

    class Meta:
        abstract = True


CUSTOMER_SCOPE = Scope(
    owner=("contact__owner_id", "company__owner_id"),
    team=("contact__team_id", "company__team_id"),
    partner=("contact__partner_id", "company__partner_id"),
)


@dataclass(frozen=True, slots=True)
class OfAll(Scope):
    """The scope of what hangs on several records: whoever sees it would have to see each of them."""

    of: tuple[Scope, ...] = ()

    def q(self, actor: Actor, visibilities: frozenset[Visibility]) -> models.Q:
        """The condition of each of them."""
        found = models.Q()
        for scope in self.of:
            found &= scope.q(actor, visibilities)
        return found


def of_all(*scopes: Scope) -> Scope:
    """Visible to whoever would see each of these."""
    first = scopes[0]
    return OfAll(owner=first.owner, team=first.team, partner=first.partner, of=scopes)


def through(path: str, scope: Scope) -> Scope:
    """The scope of what hangs on another record: as that record."""
    return Scope(
        owner=tuple(f"{path}__{item}" for item in scope.owner),
        team=tuple(f"{path}__{item}" for item in scope.team),
        partner=tuple(f"{path}__{item}" for item in scope.partner),
    )
