"""Everything that a visitor did before it was known who they are, given to a contact in one statement for each table,
and back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection
from psycopg import sql

from core.database.planning import planned_without_loops
from crm.errors import TieNotCarried, TieSuperseded
from crm.models import Contact, Tie, TieKind

# Ids in one row of the record of what was tied.
CHUNK = 5000

_GIVE = sql.SQL("""
    WITH untied AS MATERIALIZED (
        SELECT unnest(r.ids) AS id FROM crm_tie_rows r JOIN crm_tie t ON t.id = r.tie_id
        WHERE t.contact_id = %(contact)s AND t.untied_at IS NOT NULL AND r.model = {label}
        UNION ALL
        SELECT t.{key} FROM crm_tie t
        WHERE t.contact_id = %(contact)s AND t.untied_at IS NOT NULL AND t.evidence = 'anonymous_id'
    ), tied AS (
        UPDATE {table} x SET contact_id = %(contact)s, version = version + 1, updated_at = %(at)s
        WHERE anonymous_id = %(visitor)s AND contact_id IS NULL AND deleted_at IS NULL
            AND NOT EXISTS (SELECT FROM untied u WHERE u.id = x.id)
        RETURNING id
    ), numbered AS (
        SELECT id, (row_number() OVER (ORDER BY id) - 1) / {chunk} AS chunk FROM tied
    )
    INSERT INTO crm_tie_rows (tie_id, model, ids)
    SELECT %(tie)s, {label}, array_agg(id ORDER BY id) FROM numbered GROUP BY chunk
    RETURNING cardinality(ids)
""")
# By the contact's own index: each id looked up in every month of events would be as many look-ups as there are months.
_LOCK = sql.SQL("""
    WITH ids AS MATERIALIZED (
        SELECT unnest(ids) AS id FROM crm_tie_rows WHERE tie_id = %(tie)s AND model = {label}
    ), locked AS MATERIALIZED (
        SELECT x.id FROM {table} x WHERE x.contact_id = %(contact)s AND x.id IN (SELECT id FROM ids)
        ORDER BY x.id FOR NO KEY UPDATE
    )
    SELECT array_agg(i.id) FILTER (WHERE l.id IS NULL) FROM ids i LEFT JOIN locked l ON l.id = i.id
""")
_LEFT = sql.SQL("SELECT count(*) FROM {table} WHERE id = ANY(%(missing)s)")
_BACK = sql.SQL("""
    UPDATE {table} SET contact_id = %(previous)s, version = version + 1, updated_at = %(at)s
    WHERE contact_id = %(contact)s
        AND id IN (SELECT unnest(ids) FROM crm_tie_rows WHERE tie_id = %(tie)s AND model = {label})
""")
_LATER = sql.SQL("""
    SELECT t.id FROM crm_tie t
    WHERE t.untied_at IS NULL AND t.deleted_at IS NULL
        AND t.{key} IN (SELECT unnest(ids) FROM crm_tie_rows WHERE tie_id = %(tie)s AND model = {label})
    ORDER BY t.id LIMIT 1
""")


def give(tie_id: UUID, visitor: str, contact_id: UUID, *, at: datetime) -> dict[str, int]:
    """Give what is the visitor's and nobody's to the contact, whom the caller has locked; how many, by kind of record.

    What was untied from this contact is left alone: that was decided.
    What it was is stored under the id of a tie that the caller stores after it, where there was anything.
    """
    values: dict[str, Any] = {"contact": contact_id, "visitor": visitor, "tie": tie_id, "at": at}
    counts = {}
    with planned_without_loops(), connection.cursor() as cursor:
        for model in kinds_of_visitors():
            cursor.execute(_filled(_GIVE, model), values)
            count = sum(number for (number,) in cursor.fetchall())
            if count:
                counts[model.entity_name()] = count
    return counts


def give_back(tie: Tie, *, at: datetime) -> None:
    """Give all of it back, for the caller's locked tie. Nothing is wrong with what is there no longer: dropped months.

    Raises TieSuperseded, TieNotCarried; then nothing is given back.
    """
    values = {"tie": tie.pk, "contact": tie.contact_id, "previous": tie.previous_contact_id, "at": at}
    with connection.cursor() as cursor:
        for model in kinds_of_visitors():
            with planned_without_loops():
                cursor.execute(_filled(_LOCK, model), values)
                (missing,) = cursor.fetchone()
            cursor.execute(_filled(_LATER, model), values)
            for (later,) in cursor.fetchall():
                raise TieSuperseded(tie_id=str(tie.pk), later_tie_id=str(later))
            cursor.execute(_filled(_LEFT, model), {"missing": missing or []})
            if changed := cursor.fetchone()[0]:
                raise TieNotCarried(tie_id=str(tie.pk), changed=changed)
        with planned_without_loops():
            for model in kinds_of_visitors():
                cursor.execute(_filled(_BACK, model), values)


def holding(model: Any, record_id: UUID, contact_id: UUID) -> Tie | None:
    """The last open tie of a visitor by which the contact has the record."""
    rows = Tie.objects.alive().filter(kind=TieKind.VISITOR, contact=contact_id, untied_at=None)
    rows = rows.filter(rows__model=model._meta.label, rows__ids__contains=[record_id])
    found: Tie | None = rows.order_by("-pk").first()
    return found


def kinds_of_visitors() -> Iterator[Any]:
    """The kinds of records that have a visitor beside a contact, in one order."""
    for model in sorted(apps.get_app_config("crm").get_models(), key=lambda item: str(item._meta.label)):
        names = {column.name for column in model._meta.concrete_fields}
        if {"anonymous_id", "contact"} <= names and model._meta.get_field("contact").related_model is Contact:
            yield model


def _filled(query: sql.SQL, model: Any) -> sql.Composed:
    return query.format(
        table=sql.Identifier(model._meta.db_table),
        key=sql.Identifier(f"{model.entity_name()}_id"),
        label=sql.Literal(model._meta.label),
        chunk=sql.Literal(CHUNK),
    )
