"""Tiers as facts: their rules, and who came into which when."""

from __future__ import annotations

from analytics.facts import Fact, column, ids, moment, money, texts

TIER_RULES = Fact(
    name="tier_rules",
    table="analytics_tier_rule",
    columns=(
        *ids("id"),
        *texts("name", "measure", "basis"),
        column("rank", "INTEGER"),
        column("window_days", "INTEGER"),
        money("enter_at"),
        money("stay_at"),
    ),
)
TIER_CHANGES = Fact(
    name="tier_changes",
    table="analytics_tier_change",
    moment="t.at",
    columns=(*ids("id", "contact_id"), *texts("from_tier", "to_tier"), moment("at")),
)
TIER_FACTS = (TIER_RULES, TIER_CHANGES)
