"""The facts of the lake: which rows of the database are copied into it, as which columns, and how they are split."""

# ruff: noqa: S608 - the SQL is made of names from declarations and of our own files, never of input

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from psycopg import sql

# Raised when the files are written differently, so that every fact is copied anew.
FILE_FORMAT = "parquet-zstd-2"


@dataclass(frozen=True)
class Column:
    """One column: its name and DuckDB type in the lake, and the PostgreSQL expression that it is read from.

    Ids are VARCHAR and moments TIMESTAMP in UTC without zone: not every engine reads Parquet's UUIDs and zones alike.
    """

    name: str
    type: str
    expression: str


def column(name: str, kind: str, expression: str = "") -> Column:
    """A column read from the table's own column of that name, or from `expression`."""
    return Column(name, kind, expression or f"t.{name}")


def ids(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "VARCHAR", f"t.{name}") for name in names)


def texts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "VARCHAR", f"t.{name}") for name in names)


def moment(name: str, expression: str = "") -> Column:
    """A timestamptz, in UTC."""
    return Column(name, "TIMESTAMP", f"{expression or f't.{name}'} AT TIME ZONE 'UTC'")


def money(name: str, *, places: int = 2) -> Column:
    return Column(name, f"DECIMAL(18, {places})", f"t.{name}")


@dataclass(frozen=True)
class Fact:
    """One fact. The table is read under the alias `t`; its first column is its id, by which files are sorted.

    moment: the expression (timestamptz) that says to which month a row belongs; empty where the fact is not split.
    joins, where: further SQL of the FROM clause, and the condition under which a row is a fact (soft deletion).
    follows: where the moment is another table's: the fact of that table, and the expression of its id here.
    is_partitioned: whether the table is partitioned by the moment, so that a row is looked for in its months only.
    The table must carry `core.facts.fact_triggers` for this name and this moment. What is joined may change a row
    by its moment alone.
    """

    name: str
    table: str
    columns: tuple[Column, ...]
    moment: str = ""
    joins: str = ""
    where: str = "t.deleted_at IS NULL"
    follows: tuple[str, str] | None = None
    is_partitioned: bool = False

    @property
    def key(self) -> str:
        return self.columns[0].name

    @cached_property
    def version(self) -> str:
        """Changes when the declaration does: the whole fact is then copied anew."""
        parts = [FILE_FORMAT, self.name, self.table, self.moment, self.joins, self.where]
        parts += [f"{item.name} {item.type} {item.expression}" for item in self.columns]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    @property
    def month(self) -> str:
        """SQL of a row's month; null where the fact is not split."""
        return f"date_trunc('month', {self.moment} AT TIME ZONE 'UTC')::date" if self.moment else "NULL::date"

    def rows(self, first: date | None, after: date | None) -> sql.Composed:
        """SELECT of the columns, and the month as a last one, of the rows from month `first` up to before `after`."""
        listed = ", ".join(f"{item.expression} AS {item.name}" for item in self.columns)
        query = sql.SQL(f"SELECT {listed}, {self.month} FROM {self.table} AS t {self.joins} WHERE ({self.where})")
        parts: list[sql.Composable] = [query]
        for operator, bound in ((">=", first), ("<", after)):
            if bound is not None:
                parts.append(sql.SQL(f" AND {self.moment} {operator} {{}}").format(_utc(bound)))
        return sql.Composed(parts)

    def chosen(self, ids: str) -> sql.SQL:
        """SELECT of `row_id` of the table `ids`, and the row of that id as `rows` has it, nulls where it is no fact.

        `ids` has the columns row_id and month; a row of a partitioned table is looked for in that month only.
        """
        listed = ", ".join(f"{item.expression} AS {item.name}" for item in self.columns)
        condition = f"t.id = w.row_id AND ({self.where})"
        if self.is_partitioned:
            start = "(w.month::timestamp AT TIME ZONE 'UTC')"
            after = "((w.month + interval '1 month')::timestamp AT TIME ZONE 'UTC')"
            condition += f" AND {self.moment} >= {start} AND {self.moment} < {after}"
        source = f"({self.table} AS t {self.joins})" if self.joins else f"{self.table} AS t"
        return sql.SQL(
            f"SELECT w.row_id, {listed}, CASE WHEN t.id IS NULL THEN NULL ELSE {self.month} END "
            f"FROM {ids} AS w LEFT JOIN {source} ON {condition}"
        )

    def months(self) -> sql.SQL:
        """SELECT of the months in which there are rows, and of how many."""
        source = f"{self.table} AS t {self.joins} WHERE ({self.where})"
        return sql.SQL(f"SELECT {self.month}, count(*) FROM {source} GROUP BY 1")

    def first_moment(self, since: date | None) -> sql.Composed:
        """SELECT of the first moment of a row, since the month `since` where that is given."""
        query = sql.SQL(f"SELECT min({self.moment}) FROM {self.table} AS t {self.joins} WHERE ({self.where})")
        bound = sql.SQL(f" AND {self.moment} >= {{}}").format(_utc(since)) if since else sql.SQL("")
        return sql.Composed([query, bound])


def _utc(day: date) -> sql.Composable:
    return sql.Literal(f"{day.isoformat()} 00:00:00+00")


_facts: dict[str, Fact] = {}


def register(facts: Sequence[Fact]) -> None:
    """Add facts to the lake; apps above this one do so in `ready`."""
    for fact in facts:
        if _facts.get(fact.name, fact) != fact:
            raise ValueError(f"fact {fact.name!r} is registered twice")
        _facts[fact.name] = fact


def fact(name: str) -> Fact:
    """The fact of that name. Raises KeyError."""
    return _facts[name]


def facts() -> Iterator[Fact]:
    """All facts, by name."""
    return iter([_facts[name] for name in sorted(_facts)])
