"""Who belongs to a person: the contacts merged into them, and the hashes of their addresses."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from django.apps import apps

from core.models.record import Personal
from core.personal.kinds import about, kinds
from crm.models import Contact
from crm.models.base import Described
from crm.selectors import addresses


def with_merged(contact_id: UUID) -> list[UUID]:
    """The contact and those who were merged into it, directly or through others."""
    return [contact_id]


def address_hashes(people: Collection[UUID]) -> list[str]:
    """Keyed hashes of every address of these people, as `channel:hash`."""
    found: set[str] = set()
    for email, phone in Contact.objects.filter(pk__in=people).values_list("email", "phone"):
        for channel, address in (("email", email), ("sms", phone), ("phone", phone)):
            if address:
                found.add(f"{channel}:{addresses.hashed(channel, address)}")
    return sorted(found)


def words(people: Collection[UUID]) -> list[str]:
    """By what they are recognised in a text: ids, addresses, whole names."""
    rows = Contact.objects.filter(pk__in=people).values_list("email", "phone", "name")
    return [*map(str, people), *(word for row in rows for word in row if word and len(word) > 3)]


def tags(people: Collection[UUID]) -> set[str]:
    """The words that these people, and records about them, are marked with."""
    found: set[str] = set()
    for model, personal in _described():
        rows = model._default_manager.filter(about(personal, people)).values_list("tags", flat=True)
        found |= {word for words in rows for word in words}
    return found


def is_tag_used(word: str) -> bool:
    """Whether any record is marked with it."""
    models = (item for item in apps.get_models() if issubclass(item, Described))
    return any(model._default_manager.filter(tags__contains=[word]).exists() for model in models)


def _described() -> Iterator[tuple[Any, Personal]]:
    return ((model, personal) for model, personal in kinds() if issubclass(model, Described))
