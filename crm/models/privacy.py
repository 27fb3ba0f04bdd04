"""What was done about people's data: exports, erasures, and the rules by which old data goes."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from core.history.triggers import history_triggers
from core.models.record import Personal, Record, live_unique
from crm.models import rules


class ExportFormat(models.TextChoices):
    JSON = "json"
    HTML = "html"


class DataExport(Record):
    """That somebody was given everything that is kept of a person: who, when, why. The data itself is not kept."""

    contact = models.ForeignKey("crm.Contact", models.CASCADE, related_name="data_exports", db_index=False)
    format = models.CharField(max_length=4, choices=ExportFormat, default=ExportFormat.JSON)
    reason = models.CharField(max_length=500, null=True, blank=True, help_text="Why it was asked for.")
    at = models.DateTimeField(help_text="When.")
    by = models.CharField(max_length=254, help_text="Who asked for it.")

    personal: ClassVar[Personal] = Personal(people=("contact_id",), columns=("reason",))

    class Meta:
        db_table = "crm_data_export"
        triggers = history_triggers("data_export")
        indexes = [rules.by("data_export", "contact"), rules.by("data_export", "at")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.by}"


class Erasure(Record):
    """That a person was erased, and how far: `done` names the steps after the commit; all are done at `completed_at`.

    people: the ids of the person and of those merged into them. hashes: keyed hashes of addresses, as channel:hash.
    files: names in the storage that are still to be removed.
    """

    contact = models.ForeignKey("crm.Contact", models.CASCADE, related_name="erasures", db_index=False)
    reason = models.CharField(max_length=500, help_text="Why.")
    at = models.DateTimeField(help_text="When it was asked for.")
    by = models.CharField(max_length=254, help_text="Who asked for it.")
    is_suppressed = models.BooleanField(default=False, help_text="Whether the addresses are suppressed from now on.")
    people = ArrayField(models.UUIDField(), default=list)
    hashes = ArrayField(models.CharField(max_length=80), default=list)
    counts = models.JSONField(default=dict, help_text="How many records of each kind were emptied or removed.")
    files = models.JSONField(default=list)
    done = ArrayField(models.CharField(max_length=63), default=list, help_text="Steps after the commit that are done.")
    completed_at = models.DateTimeField(null=True, help_text="When nothing was left anywhere.")

    personal: ClassVar[Personal] = Personal(people=("contact_id",))

    class Meta:
        db_table = "crm_erasure"
        triggers = history_triggers("erasure", hide=("files", "hashes"))
        indexes = [
            rules.by("erasure", "contact"),
            rules.by("erasure", "at"),
            models.Index(fields=["id"], condition=Q(completed_at__isnull=True), name="crm_erasure_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.contact_id}"


class RetentionAction(models.TextChoices):
    """What is done to what is old: personal columns emptied, the row removed, or the person erased (contacts)."""

    EMPTY = "empty"
    DELETE = "delete"
    ERASE = "erase"


class RetentionRule(Record):
    """Records of one kind go once they are older than `keep_days`, counted from a moment of theirs."""

    name = models.CharField(max_length=100)
    entity = models.CharField(max_length=63, help_text="The kind of record.")
    moment = models.CharField(
        max_length=63,
        help_text="The field that says how old a record is; last_activity of a contact is their last order, "
        "interaction or change.",
    )
    keep_days = models.PositiveIntegerField(help_text="Days that records are kept.")
    action = models.CharField(max_length=6, choices=RetentionAction, default=RetentionAction.EMPTY)
    criteria = models.JSONField(null=True, blank=True, help_text="Which of them; all, where it is left out.")
    active = models.BooleanField(default=False, help_text="Whether it is applied every night.")
    last_run_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When it was last applied.")
    last_count = models.PositiveIntegerField(
        null=True, blank=True, editable=False, help_text="To how many records that was."
    )

    may_name: ClassVar[tuple[str, ...]] = ("name", "criteria")

    class Meta:
        db_table = "crm_retention_rule"
        triggers = history_triggers("retention_rule")
        constraints = [
            live_unique("crm", "retention_rule", "external_id"),
            live_unique("crm", "retention_rule", "name"),
            rules.at_least("retention_rule", "keep_days", 1),
        ]

    def __str__(self) -> str:
        return self.name
