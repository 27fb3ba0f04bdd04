"""Channel and distribution partners, and their people."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models

from core.history.triggers import history_triggers
from core.models.record import Record, live_unique
from core.models.scope import Scope

# Moves the boundary with the person, whoever writes: services, bulk loads, SQL.
KEEP_PARTNER = pgtrigger.Trigger(
    name="keep_user_partner",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    func="""
        IF TG_OP = 'UPDATE' AND ROW(OLD.user_id, OLD.organisation_id, OLD.deleted_at)
            IS NOT DISTINCT FROM ROW(NEW.user_id, NEW.organisation_id, NEW.deleted_at) THEN
            RETURN NULL;
        END IF;
        IF TG_OP <> 'INSERT' THEN
            UPDATE accounts_user SET partner_id = NULL WHERE id = OLD.user_id AND partner_id = OLD.organisation_id;
        END IF;
        IF TG_OP <> 'DELETE' AND NEW.deleted_at IS NULL THEN
            UPDATE accounts_user SET partner_id = NEW.organisation_id WHERE id = NEW.user_id;
        END IF;
        RETURN NULL;
    """,
)


class PartnerOrganisation(Record):
    """A company that sells with us or for us. Its people never see another partner's records."""

    class Kind(models.TextChoices):
        DISTRIBUTOR = "distributor"
        RESELLER = "reseller"
        REFERRAL = "referral"
        OTHER = "other"

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.RESELLER, help_text="What they do for us.")
    is_active = models.BooleanField(default=True, help_text="Whether its people may sign in.")
    website = models.URLField(max_length=2000, null=True, blank=True)
    country = models.CharField(max_length=2, null=True, blank=True, help_text="ISO 3166, two letters.")
    owner = models.ForeignKey(
        "accounts.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Our person who looks after them.",
    )
    team = models.ForeignKey(
        "accounts.Team",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Our team that does.",
    )

    scope: ClassVar[Scope] = Scope(owner=("owner_id",), team=("team_id",), partner=("id",))

    class Meta:
        db_table = "accounts_partner_organisation"
        constraints = [
            live_unique("accounts", "partner_organisation", "name"),
            live_unique("accounts", "partner_organisation", "external_id"),
        ]
        triggers = history_triggers("partner_organisation")

    def __str__(self) -> str:
        return self.name


class PartnerPerson(Record):
    """A user who belongs to a partner organisation, and what they are there. A user belongs to one at most."""

    class Position(models.TextChoices):
        MANAGER = "manager"
        MEMBER = "member"

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="partner_people")
    organisation = models.ForeignKey(PartnerOrganisation, on_delete=models.PROTECT, related_name="people")
    position = models.CharField(
        max_length=10,
        choices=Position,
        default=Position.MEMBER,
        help_text="Managers hold the role partner_manager, members partner_member.",
    )
    job_title = models.CharField(max_length=120, null=True, blank=True)

    scope: ClassVar[Scope] = Scope(
        owner=("user_id", "organisation__owner_id"), team=("organisation__team_id",), partner=("organisation_id",)
    )

    class Meta:
        db_table = "accounts_partner_person"
        verbose_name_plural = "partner people"
        constraints = [
            live_unique("accounts", "partner_person", "user"),
            live_unique("accounts", "partner_person", "external_id"),
        ]
        triggers = [*history_triggers("partner_person"), KEEP_PARTNER]

    def __str__(self) -> str:
        return f"{self.user} ({self.position})"
