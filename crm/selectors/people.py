"""Who belongs to a person: the contacts merged into them, and the hashes of their addresses."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.models.expressions import RawSQL

from core.models.record import Personal
from core.personal.kinds import about, kinds
from core.personal.naming import Words
from crm.models import Contact, Identifier, IdentifierKind
from crm.models.base import Described
from crm.selectors import addresses

_MERGED = """
    WITH RECURSIVE merged AS (
        SELECT id FROM crm_contact WHERE id = %s
        UNION
        SELECT c.id FROM crm_contact c JOIN merged m ON c.merged_into_id = m.id
    )
    SELECT id FROM merged ORDER BY id
"""

_LOCK = """
    SELECT id FROM crm_contact WHERE id IN (
        WITH RECURSIVE winners AS (
            SELECT id, merged_into_id FROM crm_contact WHERE id = ANY(%s)
            UNION
            SELECT c.id, c.merged_into_id FROM crm_contact c JOIN winners w ON c.id = w.merged_into_id
        )
        SELECT id FROM winners
    )
    ORDER BY id FOR NO KEY UPDATE
"""

HELD = """
    WITH RECURSIVE held AS (
        SELECT id FROM crm_contact WHERE legal_hold
        UNION
        SELECT c.id FROM crm_contact c JOIN held h ON c.merged_into_id = h.id
    )
    SELECT id FROM held
"""


def with_merged(contact_id: UUID) -> list[UUID]:
    """The contact and those who were merged into it, directly or through others."""
    with connection.cursor() as cursor:
        cursor.execute(_MERGED, [contact_id])
        return [key for (key,) in cursor.fetchall()]


def lock_with_winners(found: Collection[UUID]) -> None:
    """Keep these contacts, and those into whom they were merged, from being put on hold until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(found)])


def held() -> RawSQL:
    """The ids of those on legal hold and of those merged into them, as a subquery: what they left is held too."""
    return RawSQL(HELD, ())  # noqa: S611 - a text of our own, with no input in it


def address_hashes(people: Collection[UUID]) -> list[str]:
    """Keyed hashes of every address of these people, as `channel:hash`."""
    known = Contact.objects.filter(pk__in=people)
    emails = {*known.values_list("email", flat=True), *_identifiers(people, IdentifierKind.EMAIL)}
    phones = {*known.values_list("phone", flat=True), *_identifiers(people, IdentifierKind.PHONE)}
    ways = (("email", emails), ("sms", phones), ("phone", phones))
    found = (f"{channel}:{addresses.hashed(channel, one)}" for channel, written in ways for one in written if one)
    return sorted(found)


def _identifiers(people: Collection[UUID], *kinds: str) -> list[str]:
    rows = Identifier.objects.filter(contact_id__in=people, kind__in=kinds)
    return list(rows.values_list("value", flat=True))


def words(people: Collection[UUID]) -> list[str]:
    """By what they are recognised in a text: addresses, whole names, identifiers."""
    rows = Contact.objects.filter(pk__in=people).values_list("email", "phone", "name")
    told = (*(word for row in rows for word in row if word), *_identifiers(people, *IdentifierKind.values))
    return [word for word in told if len(word) > 3]


def named(people: Collection[UUID]) -> Words:
    """The same, by how sure each is."""
    rows = list(Contact.objects.filter(pk__in=people).values_list("email", "phone", "name", "last_name", "external_id"))
    emails, phones, names, last_names, external = ({one for one in column if one} for column in zip(*rows, strict=True))
    external |= set(_identifiers(people, IdentifierKind.EXTERNAL_ID))
    whole = {name for name in names if " " in name}
    return Words(
        emails=frozenset(emails | set(_identifiers(people, IdentifierKind.EMAIL))),
        phones=frozenset(phones | set(_identifiers(people, IdentifierKind.PHONE))),
        names=frozenset(whole),
        loose=frozenset(last_names | external | (names - whole - emails)),
    )


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
