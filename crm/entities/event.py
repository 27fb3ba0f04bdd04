"""The event entity."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import one
from crm.entities import common
from crm.entities.tie import tie_operation, ties_of
from crm.models import Event
from crm.selectors.tie_candidates import tie_candidates_feed
from crm.services.events import events

# Sorted by what there is an index for: there are too many of them for anything else.
_RECORD = tuple(
    item.with_(sortable=item.name == "id", groupable=False) for item in common.record_fields(Event, external=False)
)

EVENT = Entity(
    name="event",
    plural="events",
    model=Event,
    doc="What a customer or a visitor did, as a program saw it. Never changed; the same message twice is one event.",
    fields=(
        *_RECORD,
        field(Event, "name", groupable=True),
        field(Event, "occurred_at", required=False, sortable=True, groupable=True),
        field(Event, "received_at", **common.READ_ONLY),
        common.reference(Event, "contact_id", "contact"),
        common.reference(Event, "company_id", "company"),
        field(Event, "anonymous_id"),
        field(Event, "session_id"),
        field(Event, "source", groupable=True),
        field(Event, "message_id", filterable=False),
        field(Event, "is_offline", groupable=True),
        field(Event, "place", groupable=True),
        field(Event, "properties", filterable=False),
        field(Event, "context", filterable=False),
        common.money(Event, "value"),
        common.currency(Event),
    ),
    relations=(one("contact", "contact"), one("company", "company"), ties_of("event")),
    writes=events,
    verbs=frozenset({"create", "delete", "restore"}),
    keys=(),
    time_field="occurred_at",
    feeds=[tie_candidates_feed("event")],
    operations=[tie_operation("event")],
)
