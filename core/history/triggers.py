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
_COLUMNS = "(entity,record_id,operation,before,after,actor_kind,actor_id,actor_label,door,request_id,at)"
_ACTOR = """who->>'kind', (who->>'id')::uuid, coalesce(who->>'label', ''), who->>'door',
           coalesce(who->>'request_id', ''), coalesce((who->>'at')::timestamptz, now())"""

_INSERT = """
    INSERT INTO core_change <columns>
    SELECT '<entity>', n.<key>, 'insert', NULL, jsonb_strip_nulls(to_jsonb(n) - <noise>), <actor>
    FROM new_rows n<only_new>;
    RETURN NULL;
"""
_UPDATE = """
    INSERT INTO core_change <columns>
    SELECT '<entity>', n.<key>, 'update', d.before, d.after, <actor>
    FROM old_rows o JOIN new_rows n ON n.id = o.id
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(b.key, b.value) AS before, jsonb_object_agg(b.key, a.value) AS after
        FROM jsonb_each(to_jsonb(o) - <noise>) b
        JOIN jsonb_each(to_jsonb(n) - <noise>) a ON a.key = b.key
        WHERE a.value IS DISTINCT FROM b.value
    ) d
    WHERE d.after IS NOT NULL<and_new>;
    RETURN NULL;
"""
_DELETE = """
    INSERT INTO core_change <columns>
    SELECT '<entity>', o.<key>, 'delete', jsonb_strip_nulls(to_jsonb(o) - <noise>), NULL, <actor>
    FROM old_rows o<only_old>;
    RETURN NULL;
"""


def history_triggers(
    entity: str, *, key: str = "id", hide: tuple[str, ...] = (), only: str = ""
) -> list[pgtrigger.Trigger]:
    """The triggers that keep the history of one entity's table; put them into the model's `Meta.triggers`.

    The table must have a primary key named `id`. `key` is the column with the record's id, where the rows are parts of
    a record kept in another table. `hide` names columns that never go into the history: secrets, and more bookkeeping.
    `only` is a condition in SQL on the rows that have a history, by a column that never changes; `<row>` is the row.
    """
    values = {
        "<entity>": entity,
        "<key>": key,
        "<columns>": _COLUMNS,
        "<noise>": f"'{{{','.join((*_NOISE, *hide))}}}'::text[]",
        "<actor>": _ACTOR,
        "<only_new>": f" WHERE {only.replace('<row>', 'n')}" if only else "",
        "<only_old>": f" WHERE {only.replace('<row>', 'o')}" if only else "",
        "<and_new>": f" AND {only.replace('<row>', 'n')}" if only else "",
    }
    referencing = pgtrigger.Referencing
    return [
        _trigger(values, "history_insert", pgtrigger.Insert, referencing(new="new_rows"), _INSERT),
        _trigger(values, "history_update", pgtrigger.Update, referencing(old="old_rows", new="new_rows"), _UPDATE),
        _trigger(values, "history_delete", pgtrigger.Delete, referencing(old="old_rows"), _DELETE),
    ]


def _trigger(
    values: dict[str, str], name: str, operation: pgtrigger.Operation, referencing: pgtrigger.Referencing, body: str
) -> pgtrigger.Trigger:
    for mark, value in values.items():
        body = body.replace(mark, value)
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=referencing,
        declare=[("who", "jsonb")],
        func=_WHO + body,
    )
