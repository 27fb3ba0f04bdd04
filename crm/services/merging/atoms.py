"""A record as atoms: the smallest parts of it that are merged and undone each by itself.

`column:email`, `tags:vip`, `custom:shoe_size`. Values are JSON texts exactly as PostgreSQL writes them, so that numbers
lose no digit on their way through Python; what is null or an empty text is not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from crm.services.merging.rules import MergeRules

Atoms = dict[str, str]

_EMPTY = frozenset({"null", '""'})
_READ = sql.SQL("""
    SELECT t.id, 'column:' || e.key, e.value::text, 0 FROM {table} t, jsonb_each(to_jsonb(t)) e
    WHERE t.id = ANY(%(ids)s) AND e.key = ANY(%(columns)s)
    UNION ALL
    SELECT t.id, 'tags:' || x.tag, 'true', x.place FROM {table} t, unnest(t.tags) WITH ORDINALITY AS x (tag, place)
    WHERE t.id = ANY(%(ids)s)
    UNION ALL
    SELECT t.id, 'custom:' || e.key, e.value::text, 0 FROM {table} t, jsonb_each(t.custom) e
    WHERE t.id = ANY(%(ids)s)
    ORDER BY 1, 4
""")


@dataclass
class Snapshot:
    """What a record was. `tags` keeps their order, which atoms do not."""

    atoms: Atoms
    tags: list[str]

    def as_json(self) -> dict[str, Any]:
        return {"atoms": self.atoms, "tags": self.tags}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Snapshot:
        return cls(dict(stored["atoms"]), list(stored["tags"]))


def read(rules: MergeRules, ids: Iterable[UUID]) -> dict[UUID, Snapshot]:
    """Snapshots by id, in one query."""
    wanted = list(ids)
    found = {key: Snapshot({}, []) for key in wanted}
    with connection.cursor() as cursor:
        query = _READ.format(table=sql.Identifier(rules.table))
        cursor.execute(query, {"ids": wanted, "columns": list(rules.columns())})
        for key, atom, value, _ in cursor.fetchall():
            if value not in _EMPTY:
                found[key].atoms[atom] = value
            if atom.startswith("tags:"):
                found[key].tags.append(atom.removeprefix("tags:"))
    return found


def fold(rules: MergeRules, ours: Snapshot, theirs: Snapshot, chosen: Mapping[str, Any]) -> Snapshot:
    """What the winner becomes."""
    atoms: Atoms = {}
    for key in ours.atoms.keys() | theirs.atoms.keys():
        value = rules.fold(key, ours.atoms.get(key), theirs.atoms.get(key), chosen)
        if value is not None:
            atoms[key] = value
    return Snapshot(atoms, tags_of(atoms, ours, theirs))


def tags_of(atoms: Atoms, *known: Snapshot) -> list[str]:
    """The tags among the atoms: in the order of a snapshot that has the same ones, else in their usual order."""
    names = sorted(key.removeprefix("tags:") for key in atoms if key.startswith("tags:"))
    return next((item.tags for item in known if sorted(item.tags) == names), names)


def write(rules: MergeRules, record_id: UUID, present: Snapshot, wanted: Snapshot, at: datetime) -> list[str]:
    """Make the record what is wanted where that differs from what is present; returns the columns that changed."""
    patch = _patch(present, wanted)
    if patch:
        names = [sql.Identifier(name) for name in sorted(patch)]
        text = "{" + ", ".join(f"{json.dumps(name)}: {value}" for name, value in patch.items()) + "}"
        query = sql.SQL(
            "UPDATE {table} AS t SET {columns}, version = t.version + 1, updated_at = %s "
            "FROM jsonb_populate_record(NULL::{table}, %s::jsonb) AS p WHERE t.id = %s"
        ).format(
            table=sql.Identifier(rules.table),
            columns=sql.SQL(", ").join(sql.SQL("{0} = p.{0}").format(name) for name in names),
        )
        with connection.cursor() as cursor:
            cursor.execute(query, [at, text, record_id])
    return sorted(patch)


def _patch(present: Snapshot, wanted: Snapshot) -> dict[str, str]:
    """JSON texts by column."""
    patch: dict[str, str] = {}
    for key in present.atoms.keys() | wanted.atoms.keys():
        kind, _, name = key.partition(":")
        if kind == "column" and present.atoms.get(key) != wanted.atoms.get(key):
            patch[name] = wanted.atoms.get(key, "null")
    if present.tags != wanted.tags:
        patch["tags"] = json.dumps(wanted.tags)
    before, after = _custom(present.atoms), _custom(wanted.atoms)
    if before != after:
        patch["custom"] = "{" + ", ".join(f"{json.dumps(key)}: {value}" for key, value in after.items()) + "}"
    return patch


def _custom(atoms: Atoms) -> dict[str, str]:
    return {key.removeprefix("custom:"): value for key, value in sorted(atoms.items()) if key.startswith("custom:")}
