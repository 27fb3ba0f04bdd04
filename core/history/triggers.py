"""Statement-level triggers that record every change of a table, single or bulk, with before and after.

Statement level because a bulk write of 20,000 rows then costs one insert of as many rows, not 20,000 trigger calls.
"""

from __future__ import annotations

import pgtrigger

# Bookkeeping that changes with every write and says nothing by itself.
_NOISE = ("updated_at", "version")

_WHO = """
    who := coalesce(nullif(current_setting('bifocal.actor', true), ''), '{"kind": "system", "door": "shell"}')::jsonb;
"""
_COLUMNS = (
    "(entity, record_id, operation, before, after, actor_kind, actor_id, actor_label, door, request_id, at)"
)
_ACTOR = """who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',
           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())"""

_INSERT = """
    INSERT INTO core_change %(columns)s
    SELECT '%(entity)s', n.%(key)s, 'insert', NULL, jsonb_strip_nulls(to_jsonb(n) - %(noise)s), %(actor)s
    FROM new_rows n;
    RETURN NULL;
"""
_UPDATE = """
    INSERT INTO core_change %(columns)s
    SELECT '%(entity)s', n.%(key)s, 'update', d.before, d.after, %(actor)s
    FROM old_rows o JOIN new_rows n ON n.id = o.id
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(b.key, b.value) AS before, jsonb_object_agg(b.key, a.value) AS after
        FROM jsonb_each(to_jsonb(o) - %(noise)s) b
        JOIN jsonb_each(to_jsonb(n) - %(noise)s) a ON a.key = b.key
        WHERE a.value IS DISTINCT FROM b.value
    ) d
    WHERE d.after IS NOT NULL;
    RETURN NULL;
"""
_DELETE = """
    INSERT INTO core_change %(columns)s
    SELECT '%(entity)s', o.%(key)s, 'delete', jsonb_strip_nulls(to_jsonb(o) - %(noise)s), NULL, %(actor)s
    FROM old_rows o;
    RETURN NULL;
"""


def history_triggers(entity: str, *, key: str = "id", hide: tuple[str, ...] = ()) -> list[pgtrigger.Trigger]:
    """The triggers that keep the history of one entity's table; put them into the model's `Meta.triggers`.

    The table must have a primary key named `id`. `key` is the column with the record's id, where the rows are parts of a
    record kept in another table. `hide` names columns that never go into the history: secrets, and more bookkeeping.
    """
    noise = "'{%s}'::text[]" % ",".join((*_NOISE, *hide))
    values = {"entity": entity, "columns": _COLUMNS, "noise": noise, "actor": _ACTOR, "key": key}
    return [
        _trigger("history_insert", pgtrigger.Insert, pgtrigger.Referencing(new="new_rows"), _INSERT % values),
        _trigger(
            "history_update", pgtrigger.Update, pgtrigger.Referencing(old="old_rows", new="new_rows"), _UPDATE % values
        ),
        _trigger("history_delete", pgtrigger.Delete, pgtrigger.Referencing(old="old_rows"), _DELETE % values),
    ]


def _trigger(
    name: str, operation: pgtrigger.Operation, referencing: pgtrigger.Referencing, body: str
) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=referencing,
        declare=[("who", "jsonb")],
        func=_WHO + body,
    )
