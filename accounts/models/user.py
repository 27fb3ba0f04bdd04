"""People who can sign in."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib.auth import get_backends
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from core.history.triggers import history_triggers
from core.models.record import Record, RecordQuerySet, live_unique
from core.models.scope import Scope


class UserManager(BaseUserManager["User"]):
    """Finds people by e-mail; the softly deleted cannot be found by it."""

    def get_queryset(self) -> RecordQuerySet:
        return RecordQuerySet(self.model, using=self._db)

    def visible_to(self, *args: Any, **kwargs: Any) -> RecordQuerySet:
        return self.get_queryset().visible_to(*args, **kwargs)

    def alive(self) -> RecordQuerySet:
        return self.get_queryset().alive()

    def get_by_natural_key(self, username: str | None) -> User:
        return cast("User", self.alive().get(email=(username or "").strip().lower()))

    def create_user(self, email: str, password: str | None = None, **values: Any) -> User:
        """A user as tests and commands make one; services use `accounts.services.users`."""
        user = self.model(email=email.strip().lower(), **values)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **values: Any) -> User:
        return self.create_user(email, password, **({"is_staff": True, "is_superuser": True} | values))


class User(AbstractBaseUser, Record):
    """Somebody who signs in by e-mail. What they may do comes from their roles, their team and their organisation."""

    email = models.EmailField(max_length=254, help_text="The address they sign in with, in lower case.")
    name = models.CharField(max_length=200, help_text="The name shown to others.")
    is_active = models.BooleanField(default=True, help_text="Whether they may sign in.")
    is_staff = models.BooleanField(default=False, help_text="Whether they may enter the admin.")
    is_superuser = models.BooleanField(default=False, help_text="Whether they pass every check.")
    team = models.ForeignKey(
        "accounts.Team",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="members",
        help_text="The team they belong to.",
    )
    # Kept by a trigger on accounts_partner_person, so that the boundary between partners is one column.
    partner = models.ForeignKey(
        "accounts.PartnerOrganisation",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="users",
        help_text="The partner organisation they belong to.",
    )
    time_zone = models.CharField(max_length=64, default="UTC", help_text="An IANA name, such as Europe/London.")

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]
    scope: ClassVar[Scope] = Scope(owner=("id",), team=("team_id",), partner=("partner_id",))

    class Meta:
        db_table = "accounts_user"
        constraints = [
            live_unique("accounts", "user", "email"),
            live_unique("accounts", "user", "external_id"),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="accounts_user_email_lower"),
        ]
        triggers = history_triggers("user", hide=("password", "last_login"))

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.partition(" ")[0]

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        """Whether a role grants it, in the words of Django's admin ("crm.change_contact")."""
        if not self.is_active or self.deleted_at is not None:
            return False
        return self.is_superuser or any(
            backend.has_grant(self, perm) for backend in get_backends() if hasattr(backend, "has_grant")
        )

    def has_perms(self, perms: list[str], obj: models.Model | None = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label: str) -> bool:
        """Admin's index asks for each app; what it lists is decided model by model."""
        return self.is_active and self.is_staff
