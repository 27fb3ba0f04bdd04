"""Activities and rates as facts: definitions read them beside what they cost."""

from __future__ import annotations

from analytics.facts import Column, Fact, column, ids, money, texts


def _lines(name: str) -> Column:
    """Words between line ends, so that a whole one is found by searching for it; null where there are none."""
    text = f"CASE WHEN cardinality(t.{name}) > 0 THEN E'\\n' || array_to_string(t.{name}, E'\\n') || E'\\n' END"
    return Column(name, "VARCHAR", text)


COST_ACTIVITIES = Fact(
    name="cost_activities",
    table="analytics_cost_activity",
    columns=(*ids("id"), *texts("key", "name", "driver", "statement_line"), _lines("channels"), _lines("kinds"),
             *texts("direction"), column("is_active", "BOOLEAN")),
)  # fmt: skip
COST_RATES = Fact(
    name="cost_rates",
    table="analytics_cost_rate",
    columns=(*ids("id", "activity_id"), money("amount", places=4), column("valid_from", "DATE"),
             column("valid_to", "DATE")),
)  # fmt: skip
COST_FACTS = (COST_ACTIVITIES, COST_RATES)
