"""Whose an event is, where its sender did not name a contact of ours but somebody who is known by another name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from core.actors import Actor
from core.writes import inputs
from crm.models import Contact, Event, Identifier, IdentifierKind

# What senders call a person, in the context of an event: our contact's address, and their external id.
_SAID = (("user_id", IdentifierKind.EXTERNAL_ID), ("email", IdentifierKind.EMAIL))

Name = tuple[str, str]


def resolve(found: Sequence[Event], *, actor: Actor) -> None:
    """Set the contact of new events that name none, as far as the actor may see the contact; one query for all.

    Names that lead to different people lead to nobody. The anonymous id counts only where nobody is named: a computer
    is shared. The one place where events meet identities, asked before they are stored.
    """
    names = {event.pk: list(_names(event)) for event in found if event.contact_id is None}
    known = _held({name for listed in names.values() for name in listed}, actor)
    for event in found:
        people = {key for name in names.get(event.pk, ()) for key in known.get(name, ())}
        if len(people) == 1:
            (event.contact_id,) = people


def _held(names: set[Name], actor: Actor) -> dict[Name, set[UUID]]:
    """Who is known by each, held against merges; where one was merged meanwhile, its names lead elsewhere by now."""
    while True:
        known = _known(names, actor)
        people = {key for found in known.values() for key in found}
        if people == inputs.hold("contact", people, actor):
            return known


def _known(names: set[Name], actor: Actor) -> dict[Name, set[UUID]]:
    people: dict[Name, set[UUID]] = {}
    if not names:
        return people
    rows = Identifier.objects.alive().filter(
        kind__in={kind for kind, _ in names}, value__in={value for _, value in names}, system=""
    )
    visible = Contact.objects.visible_to(actor).alive()
    for kind, value, key in rows.filter(contact__in=visible.values("pk")).values_list("kind", "value", "contact_id"):
        people.setdefault((kind, value), set()).add(key)
    return people


def _names(event: Event) -> Iterator[Name]:
    """By what the event names its person."""
    said = [(str(kind), text) for word, kind in _SAID if (text := _text(event, word))]
    if said:
        yield from ((kind, text.lower() if kind == IdentifierKind.EMAIL else text) for kind, text in said)
    elif event.anonymous_id:
        yield str(IdentifierKind.ANONYMOUS_ID), event.anonymous_id


def _text(event: Event, word: str) -> str:
    """What the context says under a word, or in the traits that analytics libraries put there; "" for nothing."""
    traits = event.context.get("traits")
    for place in (event.context, traits if isinstance(traits, dict) else {}):
        if isinstance(place.get(word), str):
            return str(place[word]).strip()
    return ""
