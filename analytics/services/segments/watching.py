"""Triggers that mark whose criteria a change may touch, on every table that criteria on contacts reach.

They stand on tables of lower apps, and follow from the registry; so they are installed after each migration, where what
is there differs from what should be.
"""

# ruff: noqa: S608 - the SQL is made of names from model declarations, never of input

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache

from django.db import connections, models

from core import registry
from core.registry.entities import Entity
from core.registry.fields import Relation
from crm.models import Company, Contact, CustomField

PREFIX = "segment_mark"
# When a key or a person was last there is noted at every call, and moves nobody into a segment.
_USE = frozenset({"last_used_at", "last_login"})
_OLD, _NEW = "old_rows", "new_rows"
_EVENTS = {"insert": (_NEW,), "update": (_OLD, _NEW), "delete": (_OLD,)}


def watched() -> Iterator[tuple[str, type[models.Model]]]:
    """The entities whose changes are marked. Memberships mark for themselves."""
    found = {"contact", "custom_field"}
    edge = {"contact"}
    while edge:
        reached = {relation.target for name in edge for relation in registry.entity(name).relations}
        reached |= {
            item.target for name in edge for item in registry.entity(name).definitions().values() if item.target
        }
        edge = reached - found
        found |= edge
    # A custom reference may lead anywhere that has custom fields of its own.
    found |= {entity.name for entity in registry.entities() if entity.custom_column is not None}
    for name in sorted(found - {"segment", "segment_membership"}):
        yield name, registry.entity(name).model


@cache
def keys_to(model: type[models.Model], target: type[models.Model]) -> tuple[str, ...]:
    """The columns that point at a kind of record."""
    return tuple(
        str(column.column)
        for column in model._meta.concrete_fields
        if isinstance(column, models.ForeignKey) and column.related_model is target
    )


def is_marked_by_contact(path: tuple[Relation, ...], entities: tuple[Entity, ...]) -> bool:
    """Whether a change of the record at the end of the path marks the contact that the path begins at.

    entities: those that the relations lead to.
    """
    contact = registry.entity("contact")
    match path:
        case (first,) if first.reverse:
            return _column(entities[0].model, first.column) in keys_to(entities[0].model, Contact)
        case (first,):
            return first.target == "company" and first.inside is None and contact.model is Contact
        case (first, second) if first.reverse and second.reverse:
            parent, child = entities[0].model, entities[1].model
            if _column(parent, first.column) not in keys_to(parent, Contact):
                return False
            return _column(child, second.column) in keys_to(child, parent) and parent in dict(_parents(child))
    return False


def statements() -> dict[str, str]:
    """The SQL of every trigger, by its name."""
    return {
        f"{PREFIX}_{name}_{event}": _statement(name, model, event, tables)
        for name, model in watched()
        for event, tables in _EVENTS.items()
    }


def install(using: str) -> int:
    """Make the triggers what they should be; returns how many changed. Nothing happens before our tables exist."""
    connection = connections[using]
    present = set(connection.introspection.table_names())
    if "analytics_segment_mark" not in present:
        return 0
    wanted = {name: sql for name, sql in statements().items() if _table_of(sql) in present}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.tgname, t.tgrelid::regclass::text, obj_description(t.oid, 'pg_trigger') FROM pg_trigger t "
            "WHERE t.tgname LIKE %s AND NOT t.tgisinternal",
            [f"{PREFIX}\\_%"],
        )
        found = {name: (table, digest) for name, table, digest in cursor.fetchall()}
        changed = 0
        for name in found.keys() - wanted.keys():
            cursor.execute(f"DROP TRIGGER {name} ON {found[name][0]}")
            changed += 1
        for name, sql in wanted.items():
            digest = hashlib.sha256(sql.encode()).hexdigest()[:16]
            if found.get(name, ("", ""))[1] != digest:
                cursor.execute(sql)
                cursor.execute(f"COMMENT ON TRIGGER {name} ON {_table_of(sql)} IS '{digest}'")
                changed += 1
    return changed


def _statement(name: str, model: type[models.Model], event: str, tables: tuple[str, ...]) -> str:
    trigger, table = f"{PREFIX}_{name}_{event}", model._meta.db_table
    ids = " UNION ALL ".join(sql for rows in tables for sql in _contacts(model, rows))
    noted = _USE & {field.column for field in model._meta.concrete_fields}
    if event == "update" and noted:
        ids = _changed_but_for(sorted(noted))
    body = (
        "INSERT INTO analytics_segment_mark (entity, contact_id, whole) "
        f"SELECT DISTINCT '{name}', found.id, false FROM ({ids}) AS found (id); RETURN NULL;"
    )
    referencing = " ".join(f"{'NEW' if rows == _NEW else 'OLD'} TABLE AS {rows}" for rows in tables)
    return (
        f"CREATE OR REPLACE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$; "
        f"CREATE OR REPLACE TRIGGER {trigger} AFTER {event.upper()} ON {table} REFERENCING {referencing} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {trigger}();"
    )


def _changed_but_for(noted: list[str]) -> str:
    """That rows changed in something else than in when they were used."""
    without = "".join(f" - '{name}'" for name in noted)
    return (
        f"SELECT NULL::uuid FROM {_NEW} AS n JOIN {_OLD} AS o ON o.id = n.id "
        f"WHERE to_jsonb(n){without} <> to_jsonb(o){without}"
    )


def _contacts(model: type[models.Model], rows: str) -> Iterator[str]:
    """SELECTs of the ids of the contacts of changed rows."""
    if model is Contact:
        yield f"SELECT id FROM {rows}"
        return
    if model is CustomField:
        yield f"SELECT NULL::uuid FROM {rows}"
        return
    own = keys_to(model, Contact)
    for column in own:
        yield f"SELECT {column} FROM {rows}"
    if model is Company:
        yield f"SELECT c.id FROM crm_contact c WHERE c.company_id IN (SELECT id FROM {rows})"
    for parent, columns in _parents(model):
        for column in columns:
            for key in keys_to(parent, Contact):
                yield (
                    f"SELECT p.{key} FROM {parent._meta.db_table} p "
                    f"WHERE p.{parent._meta.pk.column} IN (SELECT {column} FROM {rows})"
                )
    # That something changed at all is told in any case.
    yield f"SELECT NULL::uuid FROM {rows}"


def _parents(model: type[models.Model]) -> list[tuple[type[models.Model], tuple[str, ...]]]:
    """The kinds of record that belong to contacts, and that this one is a part of."""
    if model in (Contact, Company):
        return []
    kinds = {registry.entity(item.target).model for item in registry.entity("contact").relations if item.reverse}
    ordered = sorted(kinds, key=lambda kind: str(kind._meta.db_table))
    found = ((kind, keys_to(model, kind)) for kind in ordered if kind is not model and keys_to(kind, Contact))
    return [(kind, columns) for kind, columns in found if columns]


def _column(model: type[models.Model], attribute: str) -> str | None:
    for column in model._meta.concrete_fields:
        if attribute in (column.attname, column.name):
            return str(column.column)
    return None


def _table_of(sql: str) -> str:
    return sql.partition(" ON ")[2].partition(" ")[0]
