"""Rows in wire form, built by PostgreSQL: one JSON text per row instead of a Python object per value."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db.models import Expression, F, TextField
from django.db.models.sql.compiler import SQLCompiler

from core import registry
from core.actors import Actor
from core.registry.entities import Entity

_MAX_PAIRS = 50  # a PostgreSQL function takes a hundred arguments


class WireRow(Expression):
    """The JSON text of a row. It holds the primary key, so that Django tells it the table's alias in subqueries."""

    output_field = TextField()

    def __init__(self, template: str, key: Any = None) -> None:
        super().__init__(output_field=TextField())
        self.template = template
        self.key: Any = key or F("pk")

    def get_source_expressions(self) -> list[Any]:
        return [self.key]

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        (self.key,) = exprs

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        sql, params = compiler.compile(self.key)
        return self.over(sql.rpartition(".")[0]), params

    def over(self, table: str) -> str:
        """The SQL over the rows of what is called `table`."""
        return self.template.replace("{t}", table)


def wire_row(entity: Entity, actor: Actor, fields: Sequence[str], extra: Sequence[tuple[str, str]] = ()) -> WireRow:
    """The expression for these fields; those the actor may not see are null. `extra`: hidden (key, column) pairs.

    `custom.<key>` is one value of the custom fields, shown where they are: inside an object `custom`. A column of
    `extra` may be SQL over `{t}` instead.
    """
    hidden = tuple(name for name in fields if not entity.may_see(actor, entity.by_name[name.partition(".")[0]]))
    return WireRow(_template(entity.name, tuple(fields), hidden, tuple(extra)))


@lru_cache(maxsize=2048)
def _template(name: str, fields: tuple[str, ...], hidden: tuple[str, ...], extra: tuple[tuple[str, str], ...]) -> str:
    entity = registry.entity(name)
    whole = tuple(field for field in fields if not entity.is_custom(field))
    pairs = [(field, "NULL" if field in hidden else _value(entity, field)) for field in whole]
    if len(whole) < len(fields) and entity.custom_column not in whole:
        pairs.append((str(entity.custom_column), _some_custom(entity, fields, hidden)))
    pairs += [(key, _column(entity, column)) for key, column in extra]
    kind = "json" if len(pairs) <= _MAX_PAIRS else "jsonb"
    chunks = [pairs[start : start + _MAX_PAIRS] for start in range(0, len(pairs), _MAX_PAIRS)] or [[]]
    listed = [", ".join(f"'{key}', {sql}" for key, sql in chunk) for chunk in chunks]
    built = [f"{kind}_build_object({arguments})" for arguments in listed]
    return f"({' || '.join(built)})::text".replace("%", "%%")


def _some_custom(entity: Entity, fields: Sequence[str], hidden: Sequence[str]) -> str:
    keys = [name.partition(".")[2] for name in fields if entity.is_custom(name) and name not in hidden]
    if not keys:
        return "NULL"
    # Keys come checked against the definitions.
    values = (f"'{key}', {{t}}.\"{entity.custom_column}\" -> '{key}'" for key in keys[:_MAX_PAIRS])
    return f"jsonb_build_object({', '.join(values)})"


def _column(entity: Entity, column: str) -> str:
    if "{t}" in column:
        return column
    # By the type of the field where there is one: a decimal sort key must not lose digits as a JSON number.
    plain = f'{{t}}."{column}"'
    item = next((item for item in entity.fields if item.attribute == column), None)
    return item.type.sql(plain) if item else plain


def _value(entity: Entity, name: str) -> str:
    item = entity.by_name[name]
    return item.sql or item.type.sql(f'{{t}}."{item.attribute}"')
