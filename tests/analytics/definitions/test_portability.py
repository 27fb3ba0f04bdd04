"""Definitions are one dialect: they translate to Spark, say what they read, and change version with their meaning."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from analytics import facts, steps
from analytics.steps import definitions


@pytest.mark.parametrize("name", definitions.names())
def test_translates_to_spark(name: str) -> None:
    sql = definitions.get(name).sql
    (translated,) = sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    # What Spark would not understand came through as an unknown function.
    unknown = {node.name for node in sqlglot.parse_one(translated, read="spark").find_all(exp.Anonymous)}
    assert not unknown


@pytest.mark.parametrize("name", definitions.names())
def test_no_name_stands_for_two_tables_where_spark_has_them_side_by_side(name: str) -> None:
    (translated,) = sqlglot.transpile(definitions.get(name).sql, read="duckdb", write="spark")
    for statement in sqlglot.parse_one(translated, read="spark").find_all(exp.With):
        names = [table.alias for table in statement.expressions]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", definitions.names())
def test_reads_what_its_head_says(name: str) -> None:
    definition = definitions.get(name)
    tree = sqlglot.parse_one(definition.sql, read="duckdb")
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    assert {table.name for table in tree.find_all(exp.Table)} - own == set(definition.reads)
    known = {fact.name for fact in facts.facts()} | set(steps.names()) | {definitions.GRID}
    assert set(definition.reads) <= known


def test_steps_come_after_what_they_read() -> None:
    order = [step.name for step in steps.in_order()]
    assert sorted(order) == list(steps.names())
    for step in steps.in_order():
        assert all(order.index(item) < order.index(step.name) for item in step.reads if item in order)


def test_every_pair_of_quintiles_has_one_segment() -> None:
    assert {(recency, frequency) for recency, frequency, _ in definitions.rfm_grid()} == {
        (recency, frequency) for recency in range(1, 6) for frequency in range(1, 6)
    }
