"""Criteria over the lake: answered by the engine from facts and profiles, and by PostgreSQL for the rest."""

# ruff: noqa: S608 - the SQL is made of names from declarations and of our own files, never of input

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from django.db import connection, models

from analytics import facts
from analytics.engine.duck import quoted
from analytics.facts import Fact
from core import criteria
from core.actors import Actor
from core.criteria.columnar import Statement, Table
from core.criteria.nodes import Node
from core.criteria.sql import compile_q
from core.registry.entities import Entity

PROFILE = "contact_metrics"
_ALIVE = "t.deleted_at IS NULL"
_DECIMAL = re.compile(r"DECIMAL\(\d+, ?(\d+)\)")
_LIST = "array_to_json({})::text"


def select(
    duck: duckdb.DuckDBPyConnection,
    entity: Entity,
    tree: Any,
    *,
    into: str,
    actor: Actor,
    at: datetime,
    scratch: Path,
    profiles: str | None = None,
) -> None:
    """Make the table `into` of the ids (column `id`, text) of the records that the actor sees and that meet the tree.

    duck: has the facts as tables or views of their names. profiles: the table with what was computed per contact, if
    there is one; without it, it is asked of PostgreSQL like everything that the lake does not hold. scratch: a folder
    for what PostgreSQL answers. Raises InvalidCriteria, whose errors point at the JSON node.
    """  # fmt: skip
    node = criteria.parse(entity, tree, actor=actor)
    statement = Statement(Lake(duck, actor=actor, at=at, scratch=scratch, profiles=profiles), actor, at)
    query = statement.ids(entity, node)
    duck.execute(f"CREATE OR REPLACE TEMP TABLE {into} AS {query}", statement.parameters)


class Lake:
    """What the lake holds of entities: every fact that is a table's living rows, and the profiles of contacts."""

    def __init__(
        self, duck: duckdb.DuckDBPyConnection, *, actor: Actor, at: datetime, scratch: Path, profiles: str | None
    ) -> None:
        self.duck, self.actor, self.at, self.scratch, self.profiles = duck, actor, at, scratch, profiles
        self.asked = 0

    def table(self, entity: Entity) -> Table | None:
        """The fact of the entity's table, with the columns that are copied as they are."""
        if entity.name == PROFILE:
            return self._profile(entity)
        for fact in facts.facts():
            if fact.table == entity.model._meta.db_table and fact.where == _ALIVE:
                columns = _columns(entity.model, fact)
                lists = frozenset(name for name in columns.values() if _is_list(fact, name))
                return Table(fact.name, columns, columns.get("id", fact.key), lists)
        return None

    def elsewhere(self, entity: Entity, node: Node) -> str:
        """A table of what PostgreSQL answers."""
        self.asked += 1
        name, target = f"asked_{self.asked}", self.scratch / f"asked_{self.asked}.csv"
        rows = entity.model._default_manager.visible_to(self.actor).alive()
        found = rows.filter(compile_q(entity, node, actor=self.actor, at=self.at)).order_by().values_list("pk")
        query, values = found.query.sql_with_params()
        copy = f"COPY ({query}) TO STDOUT (FORMAT csv)"
        with connection.cursor() as cursor, target.open("wb") as file, cursor.copy(copy, values) as stream:
            for chunk in stream:
                file.write(chunk)
        self.duck.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT id FROM "
            f"read_csv({quoted(target)}, auto_detect=false, header=false, columns={{'id': 'VARCHAR'}})"
        )
        target.unlink()
        return name

    def _profile(self, entity: Entity) -> Table | None:
        if self.profiles is None:
            return None
        types = {row[0]: row[1] for row in self.duck.execute(f"DESCRIBE {self.profiles}").fetchall()}
        columns = {
            column.attname: column.attname
            for column in entity.model._meta.concrete_fields
            if column.attname in types and _fits(column, types[column.attname])
        }
        # A profile may be older than the lake: its contact may be gone.
        return Table(
            self.profiles, columns | {"id": "contact_id"}, "contact_id",
            where="{t}.contact_id IN (SELECT id FROM contacts)",
        )  # fmt: skip


def _columns(model: type[models.Model], fact: Fact) -> Mapping[str, str]:
    """Copied columns by the model's attribute; an amount only where no digit is cut off."""
    copied = {item.expression: item for item in fact.columns}
    found: dict[str, str] = {}
    for column in model._meta.concrete_fields:
        plain = f"t.{column.column}"
        for expression in (plain, f"{plain} AT TIME ZONE 'UTC'", f"{plain}::text", _LIST.format(plain)):
            item = copied.get(expression)
            if item is not None and _fits(column, item.type):
                found[column.attname] = item.name
    return found


def _fits(column: models.Field[Any, Any], kind: str) -> bool:
    if not isinstance(column, models.DecimalField):
        return True
    scale = _DECIMAL.fullmatch(kind.replace(" ", "").replace(",", ", "))
    return scale is not None and int(scale[1]) >= (column.decimal_places or 0)


def _is_list(fact: Fact, name: str) -> bool:
    return any(item.name == name and item.expression.startswith("array_to_json(") for item in fact.columns)
