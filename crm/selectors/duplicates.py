"""Who may be the same person as a contact: candidates from indexed blocks, scored from 0 to 1, with reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from rapidfuzz import fuzz, utils

from core.actors import Actor
from core.errors import Invalid, InvalidCursor, NotFound
from core.reads import cursors
from core.registry import types
from core.registry.feeds import Feed, FeedPage
from core.registry.fields import Field, ListOf, Shape
from crm.models import Contact
from crm.types import Share

MAX_LIMIT = 200
SIGNATURE = "duplicates"
# Of one block: a switchboard's number or the commonest name proposes no more than these.
BLOCK = 100
# Names that are less alike than this are not looked at.
NAME_BLOCK = 0.5

# Each block reads one index. Deleted contacts, merged ones among them, are nobody's duplicates.
_BLOCKS = """
    WITH me AS (SELECT * FROM crm_contact WHERE id = %(id)s),
    found AS (
        (SELECT i.contact_id AS id FROM crm_identifier mine
            JOIN crm_identifier i ON i.value = mine.value AND i.kind = mine.kind AND i.system = mine.system
                AND i.deleted_at IS NULL
            WHERE mine.contact_id = %(id)s AND mine.deleted_at IS NULL AND mine.kind = 'phone'
                AND i.contact_id <> %(id)s
            LIMIT %(block)s)
        UNION
        (SELECT c.id FROM crm_contact c
            WHERE upper(c.name) %% (SELECT upper(name) FROM me) AND c.deleted_at IS NULL AND c.id <> %(id)s
            LIMIT %(block)s)
    ),
    settled AS (
        WITH RECURSIVE family AS (
            SELECT id FROM me
            UNION
            SELECT c.id FROM crm_contact c JOIN family f ON c.merged_into_id = f.id
        ), decided AS (
            SELECT CASE WHEN d.contact_id IN (SELECT id FROM family) THEN d.other_id ELSE d.contact_id END AS id
            FROM crm_duplicate_decision d
            WHERE (d.contact_id IN (SELECT id FROM family) OR d.other_id IN (SELECT id FROM family))
                AND d.deleted_at IS NULL AND (d.until IS NULL OR d.until > %(at)s)
        ), roots AS (
            SELECT id FROM decided
            UNION
            SELECT c.merged_into_id FROM crm_contact c JOIN roots r ON c.id = r.id WHERE c.merged_into_id IS NOT NULL
        )
        SELECT id FROM roots
    )
    SELECT c.id, c.name, c.first_name, c.last_name, c.email, c.phone, c.company_id, c.city, c.birth_date
    FROM crm_contact c
    WHERE c.deleted_at IS NULL AND c.id IN (SELECT id FROM found) AND c.id NOT IN (SELECT id FROM settled)
    UNION ALL
    SELECT id, name, first_name, last_name, email, phone, company_id, city, birth_date FROM me
"""

REASON = Shape(
    title="DuplicateReason",
    fields=(
        Field("signal", types.Text(), "What was compared: name, phone, email...", nullable=False),
        Field("text", types.Text(), 'Readable: "same phone", "name 0.94".', nullable=False),
        Field(
            "weight",
            types.DecimalNumber(max_digits=4, places=3),
            "How much it says by itself; what is different takes away.",
            nullable=False,
        ),
    ),
)
ITEM = Shape(
    title="Duplicate",
    fields=(
        Field("contact_id", types.Id(), "The other contact.", nullable=False),
        Field("name", types.Text()),
        Field("score", Share(), "How sure it is that they are one person, from 0 to 1.", nullable=False),
        Field("reasons", ListOf(REASON), "What speaks for it, the most telling first.", nullable=False),
    ),
)


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that speaks for two contacts being one person, or (below 0) against it."""

    name: str
    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """Another contact, how likely it is the same person, and why."""

    contact_id: UUID
    name: str | None
    score: Decimal
    signals: tuple[Signal, ...]


def duplicates_feed() -> Feed:
    """The feed `duplicates` of contacts."""
    return Feed("duplicates", ITEM, fetch, "Who may be the same person, the surest first, with reasons.")


def fetch(*, actor: Actor, record_id: UUID, limit: int = 50, after: str | None = None, at: datetime) -> FeedPage:
    """A page of the candidates among whom the actor may see. Raises Forbidden, NotFound, InvalidCursor."""
    if not 1 <= limit <= MAX_LIMIT:
        raise Invalid.one("/limit", "out_of_range", f"Must be between 1 and {MAX_LIMIT}.")
    actor.require("contact", "view")
    if not Contact.objects.visible_to(actor).alive().filter(pk=record_id).exists():
        raise NotFound(entity="contact", id=str(record_id))
    found = candidates(record_id, actor=actor, at=at)
    if after is not None:
        place = _position(after)
        found = [item for item in found if _order(item) > place]
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    return FeedPage(
        [_item(item) for item in page],
        cursors.encode(SIGNATURE, [str(last.score), str(last.contact_id)]) if last else None,
    )


def candidates(contact_id: UUID, *, actor: Actor, at: datetime) -> list[Candidate]:
    """Who scores at least DUPLICATE_THRESHOLD, the surest first, ties by id."""
    values: dict[str, Any] = {"id": contact_id, "block": BLOCK, "at": at}
    # The threshold of trigrams holds for this transaction alone.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.similarity_threshold', %s, true)", [str(NAME_BLOCK)])
        cursor.execute(_BLOCKS, values)
        names = [column.name for column in cursor.description or ()]
        rows = {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
    me = rows.pop(contact_id)
    if not actor.is_superuser:
        seen = set(Contact.objects.visible_to(actor).filter(pk__in=list(rows)).values_list("pk", flat=True))
        rows = {key: row for key, row in rows.items() if key in seen}
    scored = [_candidate(row, signals(me, row)) for row in rows.values()]
    threshold = Decimal(str(settings.DUPLICATE_THRESHOLD))
    return sorted((item for item in scored if item.score >= threshold), key=_order)


def signals(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[Signal, ...]:
    """What two contacts have in common, and what tells them apart."""
    found = [*_of_name(one, other), *_of_email(one, other)]
    found += _same("phone", one, other, same=0.75, text="same phone")
    found += _same("birth_date", one, other, same=0.6, text="same birth date", differs=-0.7)
    found += _same("company_id", one, other, same=0.3, text="same company")
    found += _same("city", one, other, same=0.15, text="same city")
    return tuple(sorted(found, key=lambda item: (-item.weight, item.name)))


def score(found: Iterable[Signal]) -> Decimal:
    """The signals together: each takes its share of the doubt that the others leave; what differs takes away."""
    doubt, against = 1.0, 1.0
    for item in found:
        if item.weight >= 0:
            doubt *= 1 - item.weight
        else:
            against *= 1 + item.weight
    return Decimal(str(round((1 - doubt) * against, 3)))


def _of_name(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterable[Signal]:
    ours, theirs = (_words(row) for row in (one, other))
    if not ours or not theirs:
        return
    # Words in any order: "Alder, Ada" is "Ada Alder".
    alike = fuzz.token_sort_ratio(ours, theirs) / 100
    if alike >= 0.6:
        # From nothing at 0.6 to 0.45 for the same name: a name alone is shared by many.
        yield Signal("name", f"name {alike:.2f}", round(0.45 * ((alike - 0.6) / 0.4), 3))
    else:
        yield Signal("name", f"name {alike:.2f}", -0.4)


def _words(row: Mapping[str, Any]) -> str:
    return str(utils.default_process(" ".join(filter(None, (row["first_name"], row["last_name"])))))


def _of_email(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterable[Signal]:
    if not one["email"] or not other["email"]:
        return
    (ours, _, domain), (theirs, _, domain_of_other) = (row["email"].partition("@") for row in (one, other))
    if ours == theirs and len(ours) > 4:
        yield Signal("email", "same e-mail name", 0.5)
    elif fuzz.ratio(ours, theirs) >= 85:
        yield Signal("email", f"e-mail {fuzz.ratio(ours, theirs) / 100:.2f}", 0.35)
    if domain == domain_of_other and domain not in settings.COMMON_MAIL_DOMAINS:
        yield Signal("domain", "same e-mail domain", 0.2)


def _same(
    column: str, one: Mapping[str, Any], other: Mapping[str, Any], *, same: float, text: str, differs: float = 0
) -> list[Signal]:
    ours, theirs = one[column], other[column]
    if ours is None or theirs is None:
        return []
    if ours == theirs:
        return [Signal(column.removesuffix("_id"), text, same)]
    return [Signal(column.removesuffix("_id"), text.replace("same", "other"), differs)] if differs else []


def _candidate(row: Mapping[str, Any], found: tuple[Signal, ...]) -> Candidate:
    return Candidate(row["id"], row["name"], score(found), found)


def _order(item: Candidate) -> tuple[Decimal, UUID]:
    return -item.score, item.contact_id


def _item(item: Candidate) -> dict[str, Any]:
    reasons = [{"signal": one.name, "text": one.text, "weight": f"{one.weight:.3f}"} for one in item.signals]
    return {
        "contact_id": str(item.contact_id),
        "name": item.name,
        "score": f"{item.score:.3f}",
        "reasons": reasons,
    }


def _position(cursor: str) -> tuple[Decimal, UUID]:
    value, key = cursors.decode(SIGNATURE, cursor, 2)
    try:
        return -Share().parse(value), types.Id().parse(key)
    except types.TypeFault:
        raise InvalidCursor() from None
