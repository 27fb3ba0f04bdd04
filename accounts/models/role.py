"""Roles: named sets of grants that administrators edit."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.actors import Visibility
from core.history.triggers import history_triggers
from core.models.record import Record, live_unique


class Role(Record):
    """What its holders may do. `seeded`: which defaults a built-in role was once given ("contact:view")."""

    key = models.SlugField(max_length=63, help_text="A short name that does not change, such as sales.")
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=500, null=True, blank=True)
    built_in = models.BooleanField(default=False, editable=False, help_text="Whether the product brought it.")
    seeded = ArrayField(models.CharField(max_length=130), default=list, blank=True, editable=False)
    users = models.ManyToManyField("accounts.User", through="accounts.UserRole", related_name="roles")

    class Meta:
        db_table = "accounts_role"
        constraints = [
            live_unique("accounts", "role", "key"),
            live_unique("accounts", "role", "external_id"),
        ]
        triggers = history_triggers("role", hide=("seeded",))

    def __str__(self) -> str:
        return self.name


class Grant(models.Model):
    """What holders of a role may do to one kind of record (or resource), and to which of them."""

    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="grants")
    entity = models.CharField(max_length=63, help_text="The kind of record, or a resource such as analytics.")
    actions = ArrayField(models.CharField(max_length=63))
    visibility = models.CharField(max_length=10, choices=[(item.value, item.value) for item in Visibility])

    class Meta:
        db_table = "accounts_grant"
        constraints = [
            # Per visibility: "view all, update own" is two grants.
            models.UniqueConstraint(fields=["role", "entity", "visibility"], name="accounts_grant_uniq"),
            models.CheckConstraint(
                condition=models.Q(visibility__in=[item.value for item in Visibility]), name="accounts_grant_visibility"
            ),
        ]
        # A role's history tells of its grants, a user's of their roles.
        triggers = history_triggers("role", key="role_id")

    def __str__(self) -> str:
        return f"{self.entity}: {', '.join(self.actions)} ({self.visibility})"


class UserRole(models.Model):
    """A user holds a role."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="user_roles")
    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="user_roles")

    class Meta:
        db_table = "accounts_user_role"
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="accounts_user_role_uniq")]
        triggers = history_triggers("user", key="user_id")

    def __str__(self) -> str:
        return f"{self.user_id} {self.role_id}"
