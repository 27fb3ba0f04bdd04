"""Segments of contacts, who is in them since when, and what changed."""

from __future__ import annotations

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from analytics.models.segment_triggers import membership_triggers
from core.actors import Actor
from core.history.triggers import history_triggers
from core.models.record import Personal, Record, RecordQuerySet, live_unique
from core.models.scope import Scope
from crm.models.base import Owned, of_all, through
from crm.models.contact import Contact


class SegmentKind(models.TextChoices):
    MANUAL = "manual"
    DYNAMIC = "dynamic"
    SNAPSHOT = "snapshot"


class SegmentStatus(models.TextChoices):
    PENDING = "pending"
    READY = "ready"
    BROKEN = "broken"


# What maintenance notes, and no history tells.
_BOOKKEEPING = (
    "status", "size", "refreshed_at", "depends", "wide", "due_at", "full_wanted", "full_at", "full_seconds",
)  # fmt: skip


class Segment(Owned):
    """A group of contacts. Its filter is evaluated with the eyes of its owner, or of everybody where it has none."""

    name = models.CharField(max_length=200)
    key = models.CharField(max_length=63, help_text="By which criteria name it; unique, and never changed.")
    description = models.CharField(max_length=1000, null=True, blank=True)
    kind = models.CharField(
        max_length=8, choices=SegmentKind, help_text="Kept by hand, by criteria, or frozen once it was made."
    )
    filter = models.JSONField(
        null=True, blank=True, help_text="Criteria on contacts, of a dynamic or snapshot segment."
    )
    source = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The segment whose members a snapshot copies, in place of criteria.",
    )
    parent = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The group that it is judged against; everybody where it has none.",
    )
    status = models.CharField(
        max_length=7,
        choices=SegmentStatus,
        default=SegmentStatus.PENDING,
        editable=False,
        help_text="Not evaluated yet, kept in step, or broken: then its members stay as they were.",
    )
    error = models.CharField(max_length=500, null=True, editable=False, help_text="Why it is broken.")
    size = models.PositiveIntegerField(default=0, editable=False, help_text="How many members it has.")
    refreshed_at = models.DateTimeField(
        null=True, editable=False, help_text="Its members take account of what was recorded by then."
    )
    depends = ArrayField(models.CharField(max_length=63), default=list, editable=False)
    wide = ArrayField(models.CharField(max_length=63), default=list, editable=False)
    due_at = models.DateTimeField(null=True, editable=False, help_text="When time alone may change its members.")
    full_wanted = models.BooleanField(default=True, editable=False)
    full_at = models.DateTimeField(null=True, editable=False)
    full_seconds = models.FloatField(default=0, editable=False)

    may_name: ClassVar[tuple[str, ...]] = ("filter", "error")

    class Meta:
        db_table = "analytics_segment"
        triggers = history_triggers("segment", hide=_BOOKKEEPING)
        constraints = [live_unique("analytics", "segment", "external_id"), live_unique("analytics", "segment", "key")]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(deleted_at__isnull=True), name="analytics_segment_due_idx"),
        ]

    def __str__(self) -> str:
        return self.name


class SegmentMembershipQuerySet(RecordQuerySet):
    """Who is in a segment is seen by whoever sees both; not of deleted ones."""

    def visible_to(self, actor: Actor, action: str = "view") -> Self:
        alive = Q(segment__deleted_at__isnull=True, contact__deleted_at__isnull=True)
        return super().visible_to(actor, action).filter(alive)


class SegmentMembership(Record):
    """One stay of a contact in a segment. `deleted_at` is when it ended; a contact that comes back has another stay.

    `suspended`: it ended with the contact's deletion from a segment that no criteria keep, and goes on after a restore.
    """

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="memberships", db_index=False)
    contact = models.ForeignKey("crm.Contact", models.CASCADE, related_name="+")
    entered_at = models.DateTimeField(help_text="Since when it is a member.")
    suspended = models.BooleanField(default=False)

    objects = SegmentMembershipQuerySet.as_manager()  # type: ignore[misc]
    scope: ClassVar[Scope] = of_all(through("contact", Contact.scope), through("segment", Segment.scope))
    personal: ClassVar[Personal] = Personal(people=("contact_id",), remove=True)
    # Of a dynamic segment it follows from the contact's own record.
    derived: ClassVar[Q | None] = Q(segment__kind="dynamic")

    class Meta:
        db_table = "analytics_segment_membership"
        triggers = membership_triggers()
        constraints = [live_unique("analytics", "segment_membership", "segment", "contact")]
        indexes = [
            models.Index(
                fields=["segment", "contact"],
                condition=Q(deleted_at__isnull=False),
                name="analytics_sm_past_idx",
            ),
        ]


class SegmentChange(models.Model):
    """How many entered and left a segment by one statement, and its size after; `size` is null until it is counted."""

    id = models.BigAutoField(primary_key=True)
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    at = models.DateTimeField()
    entered = models.IntegerField()
    left = models.IntegerField()
    size = models.IntegerField(null=True)

    class Meta:
        db_table = "analytics_segment_change"
        indexes = [
            models.Index(fields=["segment", "-id"], name="analytics_sc_segment_idx"),
            models.Index(fields=["id"], condition=Q(size__isnull=True), name="analytics_sc_waiting_idx"),
        ]


class SegmentMark(models.Model):
    """A change that segments must look at. Append-only, written by triggers in the transaction of the change.

    `contact_id` is whose criteria it may touch; null says only that rows of the entity changed. `whole`: nobody knows
    whose, so that all that depends on the entity is evaluated anew.
    """

    id = models.BigAutoField(primary_key=True)
    entity = models.CharField(max_length=63)
    contact_id = models.UUIDField(null=True)
    whole = models.BooleanField(default=False)

    class Meta:
        db_table = "analytics_segment_mark"
