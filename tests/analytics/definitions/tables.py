"""Any definition over any facts given in the test: what it reads is computed first, facts not given are empty."""

# ruff: noqa: S608 - the SQL is made of names from declarations

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb

from analytics import facts
from analytics.steps import definitions

AS_OF = datetime(2026, 3, 10, 12, tzinfo=UTC)
Rows = Sequence[Mapping[str, Any]]


class Tables:
    """An empty lake in memory, filled with the rows of the test."""

    def __init__(self, given: Mapping[str, Rows], as_of: datetime = AS_OF, **parameters: Any) -> None:
        self.duck = duckdb.connect()
        self.parameters = {
            "as_of": as_of.strftime("%Y-%m-%d %H:%M:%S.%f"),
            "base_currency": "USD",
            "first_order_threshold": None,
            **parameters,
        }
        self._made: set[str] = set()
        for fact in facts.facts():
            columns = ", ".join(f'"{item.name}" {item.type}' for item in fact.columns)
            self._fill(fact.name, columns, given.get(fact.name, ()))
        self._fill(
            definitions.GRID,
            "recency INT, frequency INT, segment VARCHAR",
            [dict(zip(("recency", "frequency", "segment"), row, strict=True)) for row in definitions.rfm_grid()],
        )

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of a definition, in its own order."""
        self._make(name)
        cursor = self.duck.execute(f"SELECT * FROM {name}")
        names = [item[0] for item in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _make(self, name: str) -> None:
        if name in self._made:
            return
        definition = definitions.get(name)
        for item in definition.reads:
            if item in definitions.names():
                self._make(item)
        bound = {each: self.parameters[each] for each in definition.parameters}
        self.duck.execute(f"CREATE TABLE {name} AS {definition.sql}", bound)
        self._made.add(name)

    def _fill(self, name: str, columns: str, rows: Rows) -> None:
        self.duck.execute(f"CREATE TABLE {name} ({columns})")
        for row in rows:
            values = [value.replace(tzinfo=None) if isinstance(value, datetime) else value for value in row.values()]
            listed = ", ".join(f'"{each}"' for each in row)
            self.duck.execute(f"INSERT INTO {name} ({listed}) VALUES ({', '.join('?' for _ in row)})", values)


def computed(name: str, given: Mapping[str, Rows], as_of: datetime = AS_OF, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a definition over these facts."""
    return Tables(given, as_of, **parameters).rows(name)
