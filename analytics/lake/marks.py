"""What to copy: the marks that a snapshot sees, and what they come to for each fact."""

# ruff: noqa: S608 - the SQL is made of names from declarations, never of input

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from analytics import facts
from analytics.facts import Fact
from analytics.lake.manifest import State
from core.database.aside import Connection

# Where so large a part of a month's rows changed, reading the month is faster than reading them one by one.
SHARE = 0.5
TAKEN = "lake_marks"


@dataclass(frozen=True, slots=True)
class Marked:
    """What was marked of one month: so many rows, or all of it."""

    rows: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Work:
    """What a sync does for a fact.

    everything: all rows are copied, whatever is there goes. months: are copied whole. touched: months in which the
    rows that are read one by one may lie in the files; where `is_anywhere`, in any month.
    """

    fact: Fact
    everything: bool = False
    months: frozenset[date | None] = frozenset()
    touched: frozenset[date | None] = frozenset()
    is_anywhere: bool = False

    @property
    def has_rows(self) -> bool:
        return bool(self.touched) or self.is_anywhere


def are_there(connection: Connection) -> bool:
    """Whether anything waits for a sync."""
    row = connection.execute("SELECT EXISTS (SELECT FROM core_dirty_month)").fetchone()
    return bool(row and row[0])


def take(connection: Connection) -> dict[str, dict[date | None, Marked]]:
    """Move the marks that this snapshot sees into a temporary table, and count them by fact and month."""
    connection.execute(
        f"CREATE TEMPORARY TABLE {TAKEN} (fact text, month date, row_id uuid, moved boolean) ON COMMIT DROP"
    )
    connection.execute(
        "WITH taken AS (DELETE FROM core_dirty_month RETURNING fact, month, row_id, moved) "
        f"INSERT INTO {TAKEN} SELECT fact, month, row_id, bool_or(moved) FROM taken GROUP BY fact, month, row_id"
    )
    for fact in facts.facts():
        if fact.follows:
            _follow(connection, fact, *fact.follows)
    connection.execute(f"ANALYZE {TAKEN}")
    # Rows are found by their ids while they are few beside the table, and most pages that are changed are in memory.
    connection.execute("SET LOCAL random_page_cost TO 1.1")
    found: dict[str, dict[date | None, Marked]] = {}
    query = f"SELECT fact, month, count(row_id), bool_or(row_id IS NULL) FROM {TAKEN} GROUP BY fact, month"
    for name, month, rows, whole in connection.execute(query):
        found.setdefault(name, {})[month] = Marked(rows, whole)
    return found


def _follow(connection: Connection, fact: Fact, followed: str, key: str) -> None:
    """Where the moment of rows of another fact changed, ours change with it; this snapshot says which those are."""
    moved = f"SELECT month, row_id FROM {TAKEN} WHERE fact = %s AND moved"
    connection.execute(
        f"INSERT INTO {TAKEN} SELECT %s, m.month, NULL, false FROM ({moved}) AS m WHERE m.row_id IS NULL",
        [fact.name, followed],
    )
    connection.execute(
        f"INSERT INTO {TAKEN} SELECT DISTINCT %s, NULL::date, t.id, false FROM ({moved}) AS m "
        f"JOIN {fact.table} AS t ON {key} = m.row_id",
        [fact.name, followed],
    )


def plan(fact: Fact, state: State | None, marked: Mapping[date | None, Marked], *, full: bool) -> Work:
    """What the marks come to."""
    if full or state is None or state.version != fact.version:
        return Work(fact, everything=True)
    loose = marked.get(None)
    # A mark of neither month nor row means all of it.
    if loose and (loose.whole or loose.rows >= SHARE * state.rows):
        return Work(fact, everything=True)
    months = {
        month: each
        for month, each in marked.items()
        if month is not None and (each.whole or _is_most(each, state, month))
    }
    return Work(
        fact,
        months=frozenset(months),
        touched=frozenset(month for month in marked if month not in months),
        is_anywhere=bool(loose and fact.moment),
    )


def _is_most(marked: Marked, state: State, month: date | None) -> bool:
    file = state.base.get(month)
    return file is None or marked.rows >= SHARE * file.rows


def leave_rows(connection: Connection, fact: Fact, months: Collection[date | None]) -> None:
    """Forget the marked rows all of whose months are copied whole."""
    connection.execute(
        f"DELETE FROM {TAKEN} WHERE fact = %s AND row_id IS NOT NULL AND row_id NOT IN ("
        f"SELECT row_id FROM {TAKEN} WHERE fact = %s AND row_id IS NOT NULL AND (month IS NULL OR month <> ALL(%s)))",
        [fact.name, fact.name, list(months)],
    )


def add_rows(connection: Connection, fact: Fact, rows: Iterable[UUID], months: Collection[date | None]) -> None:
    """Have these rows read too, which may lie in any of the months."""
    connection.execute(
        f"INSERT INTO {TAKEN} SELECT %s, m.month, r.id, false "
        "FROM unnest(%s::uuid[]) AS r (id) CROSS JOIN unnest(%s::date[]) AS m (month)",
        [fact.name, list(rows), list(months)],
    )


def months_of_rows(connection: Connection, fact: Fact) -> set[date | None]:
    """The months that the rows to be read were marked with; None, where the fact is split, means any."""
    query = f"SELECT DISTINCT month FROM {TAKEN} WHERE fact = %s AND row_id IS NOT NULL"
    return {month for (month,) in connection.execute(query, [fact.name])}


def chosen(fact: Fact) -> str:
    """SQL of the rows to be read, for `Fact.chosen`; in the order of the index by which they are found."""
    wanted = "row_id, month" if fact.is_partitioned else "row_id"
    return f"(SELECT DISTINCT {wanted} FROM {TAKEN} WHERE fact = '{fact.name}' AND row_id IS NOT NULL ORDER BY row_id)"
