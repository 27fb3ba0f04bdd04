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
FILE_FORMAT = "parquet-zstd-1"


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
    """One fact. The table is read under the alias `t`; its first column is the key that the files are sorted by.

    moment: the expression (timestamptz) that says to which month a row belongs; empty where the fact is not split.
    joins, where: further SQL of the FROM clause, and the condition under which a row is a fact (soft deletion).
    The tables it reads must carry `core.facts.fact_triggers` for this name and this moment.
    """

    name: str
    table: str
    columns: tuple[Column, ...]
    moment: str = ""
    joins: str = ""
    where: str = "t.deleted_at IS NULL"

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

    def months(self) -> sql.SQL:
        """SELECT of the months in which there are rows."""
        return sql.SQL(f"SELECT DISTINCT {self.month} FROM {self.table} AS t {self.joins} WHERE ({self.where})")


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
