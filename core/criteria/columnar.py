"""Criteria nodes to SQL of a columnar engine that holds copies of some records, and of some of their fields.

What the copies do not hold, or would compare otherwise than PostgreSQL, is left to PostgreSQL: it answers with ids, and
the statement joins them. So every valid tree has a statement, and the caller does not see which part came from where.
"""

# ruff: noqa: S608 - the SQL is made of names from declarations; values are bound

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Protocol
from uuid import UUID

from core import registry
from core.actors import Actor
from core.criteria.nodes import And, Condition, Node, Not, Or, Related
from core.criteria.sql import calendar_bounds
from core.registry import types
from core.registry.custom import Form, Inside
from core.registry.entities import Entity

TRUE, FALSE = "TRUE", "FALSE"
_COMPARISONS = {"eq": "=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_EQUALITY = frozenset({"eq", "ne", "in", "not_in", "is_null"})
_PARAMETER = re.compile(r"\$(v[0-9]+)")
_SETS = frozenset({"has", "has_any", "has_all", "is_empty"})
# {c} is the column with the JSON text, {k} the key. A value of another form is no value, as in PostgreSQL.
_INSIDE = {
    Form.TEXT: "CASE WHEN json_type({c}, '$.{k}') = 'VARCHAR' THEN json_extract_string({c}, '$.{k}') END",
    Form.DATE: (
        "CASE WHEN regexp_full_match(json_extract_string({c}, '$.{k}'),"
        " '[0-9]{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])') THEN json_extract_string({c}, '$.{k}') END"
    ),
    Form.BOOLEAN: ("CASE WHEN json_type({c}, '$.{k}') = 'BOOLEAN' THEN json_extract_string({c}, '$.{k}') = 'true' END"),
    Form.ID: (
        "CASE WHEN regexp_full_match(json_extract_string({c}, '$.{k}'), '[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}"
        "-[0-9a-f]{{12}}') THEN json_extract_string({c}, '$.{k}') END"
    ),
    Form.LIST: (
        "CASE WHEN json_type({c}, '$.{k}') = 'ARRAY' THEN from_json(json_extract({c}, '$.{k}'), '[\"VARCHAR\"]') END"
    ),
}


@dataclass(frozen=True)
class Table:
    """A copy of an entity's living records: its name, and by attribute of the model the column that holds it.

    lists: columns that are JSON text of a list of words. where: what a row must meet besides, `{t}` being the table.
    """

    name: str
    columns: Mapping[str, str]
    key: str = "id"
    lists: frozenset[str] = frozenset()
    where: str = TRUE


class Copies(Protocol):
    """What the engine holds, and the way to PostgreSQL for the rest."""

    def table(self, entity: Entity) -> Table | None:
        """The copy of the entity's records, if there is one."""

    def elsewhere(self, entity: Entity, node: Node) -> str:
        """The name of a table whose only column `id` has the ids, as text, of the living records that meet the node,
        as the actor sees them, asked of PostgreSQL."""


@dataclass
class Statement:
    """A condition or a SELECT in the making, with the values that it binds."""

    copies: Copies
    actor: Actor
    at: datetime
    parameters: dict[str, Any] = field(default_factory=dict)
    aliases: int = 0

    def ids(self, entity: Entity, node: Node) -> str:
        """SELECT of the ids, as `id`, of the records that the actor sees and that meet the node."""
        table = self._table(entity)
        if table is None:
            return f"SELECT id FROM {self.copies.elsewhere(entity, node)}"
        alias = self._alias()
        query = f"SELECT {alias}.{table.key} AS id {self._from(entity, table, alias, node)}"
        # A count that nothing can have leaves out the rows that were to be counted, with their values.
        used = set(_PARAMETER.findall(query))
        self.parameters = {name: value for name, value in self.parameters.items() if name in used}
        return query

    def _table(self, entity: Entity) -> Table | None:
        """The copy, for an actor from whom no record of the kind is hidden; PostgreSQL knows what others see."""
        visibilities = self.actor.visibilities(entity.name, "view")
        if not entity.model.scope.sees_all(self.actor, visibilities):
            return None
        return self.copies.table(entity)

    def _from(self, entity: Entity, table: Table, alias: str, node: Node) -> str:
        condition = self._node(entity, table, alias, node)
        return f"FROM {table.name} AS {alias} WHERE {table.where.format(t=alias)} AND {condition}"

    def _alias(self) -> str:
        self.aliases += 1
        return f"r{self.aliases}"

    def _bound(self, value: Any) -> str:
        name = f"v{len(self.parameters) + 1}"
        self.parameters[name] = _plain(value)
        return f"${name}"

    def _node(self, entity: Entity, table: Table, t: str, node: Node) -> str:
        """The condition on a row of `t`: true or false, never null."""
        match node:
            case And(parts):
                return self._group(entity, table, t, parts, And, " AND ", TRUE)
            case Or(parts):
                return self._group(entity, table, t, parts, Or, " OR ", FALSE)
            case Not(part):
                return f"(NOT {self._node(entity, table, t, part)})"
        if not self._holds(table, node):
            return self._asked(entity, table, t, node)
        match node:
            case Condition():
                return self._condition(table, t, node)
            case Related():
                return self._related(table, t, node)

    def _group(
        self, entity: Entity, table: Table, t: str, parts: tuple[Node, ...],
        build: Callable[[tuple[Node, ...]], Node], word: str, empty: str,
    ) -> str:  # fmt: skip
        """PostgreSQL is asked once for all parts that are its own."""
        theirs = tuple(part for part in parts if not self._touches(table, part))
        sql = [self._node(entity, table, t, part) for part in parts if part not in theirs]
        if theirs:
            sql.append(self._asked(entity, table, t, build(theirs)))
        return f"({word.join(sql)})" if sql else empty

    def _asked(self, entity: Entity, table: Table, t: str, node: Node) -> str:
        return f"({t}.{table.key} IN (SELECT id FROM {self.copies.elsewhere(entity, node)}))"

    def _touches(self, table: Table, node: Node) -> bool:
        """Whether the copies have a part in answering the node."""
        match node:
            case And(parts) | Or(parts):
                return not parts or any(self._touches(table, part) for part in parts)
            case Not(part):
                return self._touches(table, part)
            case _:
                return self._holds(table, node)

    def _holds(self, table: Table, node: Node) -> bool:
        match node:
            case Condition():
                return _is_held(table, node)
            case Related(relation=relation):
                target = registry.entity(relation.target)
                found = self._table(target)
                if found is None or (node.within is not None and target.time_field not in found.columns):
                    return False
                return relation.column in (found if relation.reverse else table).columns
        return True

    def _related(self, table: Table, t: str, node: Related) -> str:
        relation, r = node.relation, self._alias()
        target = registry.entity(relation.target)
        found = self._table(target)
        if found is None:
            raise TypeError(f"there is no copy of {target.name}")
        rows = self._from(target, found, r, node.where)
        if node.within is not None:
            start, end = self._moments(target, node)
            moment = f"{r}.{found.columns[target.time_field]}"
            rows += f" AND {moment} >= {self._bound(start)} AND {moment} <= {self._bound(end)}"
        if not relation.reverse:
            column = f"{t}.{table.columns[relation.column]}"
            key = _inside(relation.inside, column) if relation.inside else column
            return _bounded_one(f"COALESCE({key} IN (SELECT {r}.{found.key} {rows}), FALSE)", node)
        column = f"{r}.{found.columns[relation.column]}"
        return _counted(f"{t}.{table.key}", f"SELECT {column} {rows} AND {column} IS NOT NULL GROUP BY {column}", node)

    def _moments(self, target: Entity, node: Related) -> tuple[Any, Any]:
        if node.within is None:
            raise TypeError("the node is not bounded in time")
        start, end = node.within.before(self.at), self.at
        is_day = isinstance(target.by_name[target.time_field].type, types.Date)
        return (start.astimezone(UTC).date(), end.astimezone(UTC).date()) if is_day else (start, end)

    def _condition(self, table: Table, t: str, node: Condition) -> str:
        item, op, value = node.field, node.op, node.value
        column = f"{t}.{table.columns[item.attribute]}"
        if item.inside is not None:
            if op == "is_null":
                has = f"json_exists({column}, '$.{item.inside.key}')"
                return f"(NOT {has})" if value else has
            column = _inside(item.inside, column)
        elif item.attribute in table.lists:
            column = f"from_json({column}, '[\"VARCHAR\"]')"
        if op in _SETS:
            return self._members(column, op, value)
        bounds = calendar_bounds(op, value, self.at, dates=isinstance(item.type, types.Date))
        if bounds is not None:
            as_text = item.inside is not None
            parts = [
                f"{column} {_COMPARISONS[name]} {self._bound(bound.isoformat() if as_text else bound)}"
                for name, bound in bounds.items()
            ]
            return f"COALESCE({' AND '.join(parts)}, FALSE)"
        return self._compared(column, op, value, as_text=item.inside is not None)

    def _compared(self, column: str, op: str, value: Any, *, as_text: bool) -> str:
        def bound(one: Any) -> str:
            return self._bound(one.isoformat() if as_text and isinstance(one, date) else one)

        match op:
            case "is_null":
                return f"({column} IS {'' if value else 'NOT '}NULL)"
            case "ne" | "not_in":
                return f"(NOT {self._compared(column, 'eq' if op == 'ne' else 'in', value, as_text=as_text)})"
            case "in":
                listed = ", ".join(bound(one) for one in value)
                return f"COALESCE({column} IN ({listed}), FALSE)" if listed else FALSE
            case "between":
                return f"COALESCE({column} >= {bound(value[0])} AND {column} <= {bound(value[1])}, FALSE)"
        return f"COALESCE({column} {_COMPARISONS[op]} {bound(value)}, FALSE)"

    def _members(self, column: str, op: str, value: Any) -> str:
        if op == "is_empty":
            empty = f"COALESCE(len({column}) = 0, TRUE)"
            return empty if value else f"(NOT {empty})"
        function = "list_has_any" if op == "has_any" else "list_has_all"
        words = ", ".join(self._bound(word) for word in value)
        return f"COALESCE({function}({column}, CAST([{words}] AS VARCHAR[])), FALSE)"


def _is_held(table: Table, node: Condition) -> bool:
    """Whether the copy answers the comparison as PostgreSQL would.

    Order and case of texts are the database's collation's; numbers inside JSON have any number of digits.
    """
    item, op = node.field, node.op
    if item.attribute not in table.columns or item.sql:
        return False
    if item.inside is not None:
        return item.inside.form in _INSIDE and (item.inside.form is not Form.TEXT or op in _EQUALITY)
    if item.attribute in table.lists:
        return op in _SETS
    is_text = isinstance(item.type, types.Text | types.Choice | types.Id)
    return op in _EQUALITY if is_text else not isinstance(item.type, types.Json | types.TextList)


def _inside(place: Inside, column: str) -> str:
    return f"({_INSIDE[place.form].format(c=column, k=place.key)})"


def _counted(key: str, groups: str, node: Related) -> str:
    """As in PostgreSQL: a record without related rows has no group, so a range with zero is said by its complement."""
    low, high = node.low or 0, node.high
    if high is not None and high < low:
        return FALSE
    if low == 0:
        return TRUE if high is None else f"(NOT {key} IN ({groups} HAVING count(*) > {high}))"
    having = f"count(*) >= {low}" + ("" if high is None else f" AND count(*) <= {high}")
    return f"({key} IN ({groups} HAVING {having}))"


def _bounded_one(found: str, node: Related) -> str:
    low, high = node.low or 0, node.high
    with_it, without = (low <= 1 and (high is None or high >= 1)), (low == 0 and (high is None or high >= 0))
    if with_it:
        return TRUE if without else found
    return f"(NOT {found})" if without else FALSE


def _plain(value: Any) -> Any:
    """A value as copies have it: moments in UTC without zone, ids as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    return str(value) if isinstance(value, UUID) else value
