"""Events: what customers did, as programs saw it, in monthly partitions (docs/adr/0012)."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from core.facts import fact_triggers
from core.history.triggers import history_triggers
from core.models.record import Personal, Record
from core.models.scope import Scope
from crm.models import rules
from crm.models.base import CUSTOMER_SCOPE, MONEY

# A violation stops the insert: of two connections that send the same message, the later one waits for the earlier.
# In the order of the keys, so that two sets of messages sent at once wait for each other in one direction only.
_KEYS = """
    INSERT INTO crm_event_key (key, event_id, occurred_at)
    SELECT encode(substring(sha256(convert_to(length(n.source) || ':' || n.source || n.message_id, 'UTF8')) FOR 16),
                  'hex')::uuid AS key, n.id, n.occurred_at
    FROM new_rows n WHERE n.message_id IS NOT NULL ORDER BY key;
    RETURN NULL;
"""


# Nobody's events in which somebody's address may stand; an index finds them.
MAY_NAME = Q(contact__isnull=True) & (Q(context__regex='@|"phone"') | Q(properties__regex='@|"phone"'))


def _of(field: str) -> models.Index:
    """For the events of one customer or visitor, newest first; most events have but one of these."""
    short = field.removesuffix("_id")
    condition = Q(**{f"{field}__isnull": False})
    return models.Index(fields=[field, "occurred_at", "id"], condition=condition, name=f"crm_event_{short}_at_idx")


class Event(Record):
    """Something that a customer or a visitor did, with what the sender says of it.

    The table is partitioned by the month of `occurred_at`; its primary key in the database is (id, occurred_at).
    References have no constraint in the database, since adding a month would then lock the tables they lead to.
    """

    name = models.CharField(max_length=100, help_text="What happened: Page Viewed, Order Completed.")
    occurred_at = models.DateTimeField(help_text="When it happened; when it was received if not given.")
    received_at = models.DateTimeField(editable=False, help_text="When it reached us.")
    contact = models.ForeignKey(
        "crm.Contact",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="events",
        db_index=False,
        db_constraint=False,
        help_text="Who it was, where that is known.",
    )
    company = models.ForeignKey(
        "crm.Company",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="events",
        db_index=False,
        db_constraint=False,
        help_text="For which company.",
    )
    anonymous_id = models.CharField(
        max_length=128, null=True, blank=True, help_text="The visitor, as the sender calls who is not known yet."
    )
    session_id = models.CharField(max_length=128, null=True, blank=True, help_text="The visit, as the sender calls it.")
    source = models.CharField(max_length=64, default="api", help_text="Who sends it: web, app, till, show.")
    message_id = models.CharField(
        max_length=200, null=True, blank=True, help_text="The sender's id: a repeated one of a source is stored once."
    )
    is_offline = models.BooleanField(default=False, help_text="Whether it happened away from screens: in a store.")
    place = models.CharField(max_length=200, null=True, blank=True, help_text="Where it happened: a store, a stand.")
    properties = models.JSONField(default=dict, blank=True, help_text="What the event is about, as the sender says.")
    context = models.JSONField(default=dict, blank=True, help_text="Its circumstances: page, device, library.")
    value = models.DecimalField(**MONEY, null=True, blank=True, help_text="What it was worth.")
    currency = models.CharField(max_length=3, null=True, blank=True, help_text="ISO 4217 code of the value.")

    scope: ClassVar[Scope] = CUSTOMER_SCOPE
    personal: ClassVar[Personal | None] = Personal(
        people=("contact_id",), columns=("anonymous_id", "session_id", "properties", "context")
    )

    class Meta:
        db_table = "crm_event"
        triggers = [
            # Events are facts that come by the million: the rows are their own record of having come.
            *history_triggers("event")[1:],
            pgtrigger.Trigger(
                name="event_keys",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_rows"),
                func=_KEYS,
            ),
            *fact_triggers("events", month_column="occurred_at"),
        ]
        constraints = [
            rules.currency_code("event"),
            rules.at_least("event", "value"),
            rules.check(
                "event",
                "value_in_currency",
                Q(value__isnull=True) | Q(currency__isnull=False),
                "A value needs its currency.",
            ),
        ]
        indexes = [
            _of("contact"),
            _of("company"),
            _of("anonymous_id"),
            _of("session_id"),
            models.Index(fields=["id"], condition=MAY_NAME, name="crm_event_may_name_idx"),
            models.Index(fields=["name", "occurred_at", "id"], name="crm_event_name_at_idx"),
            models.Index(fields=["occurred_at", "id"], name="crm_event_at_idx"),
            # What is still to be found out whose it is.
            models.Index(
                fields=["occurred_at", "id"],
                condition=Q(is_offline=True, contact__isnull=True, deleted_at__isnull=True),
                name="crm_event_offline_idx",
            ),
            rules.deleted("event"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.occurred_at:%Y-%m-%d}"


class EventKey(models.Model):
    """Which messages came: `key` is made of source and message id. Written by a trigger of the events' table.

    A table of its own, because uniqueness inside of a partitioned table would have to include the month.
    """

    key = models.UUIDField(primary_key=True)
    event_id = models.UUIDField()
    occurred_at = models.DateTimeField(help_text="Of the event, which leads to its month.")

    class Meta:
        db_table = "crm_event_key"
        indexes = [BrinIndex(fields=["occurred_at"], name="crm_event_key_at_brin")]
