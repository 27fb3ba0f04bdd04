"""Whose an event is, where its sender did not name a contact of ours but somebody who is known by another name."""

from __future__ import annotations

from collections.abc import Sequence

from core.actors import Actor
from crm.models import Contact, Event

# What senders call a person, in the context of an event: our contact's address, and their external id.
EMAIL, USER_ID = "email", "user_id"


def resolve(found: Sequence[Event], *, actor: Actor) -> None:
    """Set the contact of new events that name none, as far as the actor may see the contact.

    The one place where events meet identities, asked once for each set of events, before they are stored.
    """
    open_ones = [event for event in found if event.contact_id is None and event.context]
    emails = {text.lower() for event in open_ones if (text := _said(event, EMAIL))}
    ids = {text for event in open_ones if (text := _said(event, USER_ID))}
    if not (emails or ids):
        return
    visible = Contact.objects.visible_to(actor).alive()
    by_email = dict(visible.filter(email__in=emails).values_list("email", "pk"))
    by_id = dict(visible.filter(external_id__in=ids).values_list("external_id", "pk"))
    for event in open_ones:
        event.contact_id = by_id.get(_said(event, USER_ID)) or by_email.get(_said(event, EMAIL).lower())


def _said(event: Event, key: str) -> str:
    """What the context says under a key, or in the traits that analytics libraries put there; "" for nothing."""
    traits = event.context.get("traits")
    for place in (event.context, traits if isinstance(traits, dict) else {}):
        if isinstance(place.get(key), str):
            return str(place[key]).strip()
    return ""
