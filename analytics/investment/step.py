"""The step `retention_worths`: what may be spent at most on keeping each customer."""

# ruff: noqa: S608 - the SQL is made of numbers declared here, never of input

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analytics.investment.chain import State, states

if TYPE_CHECKING:
    from analytics.engine.session import Session

PERIOD_DAYS = 90
STATES = 8
# Transitions are counted over so many past periods.
PERIODS = 4
YEARLY_DISCOUNT = 0.10
_AGE = "DATE_DIFF('day', CAST(placed_at AS DATE), CAST(CAST($as_of AS TIMESTAMP) AS DATE))"


def run(session: Session, parameters: Mapping[str, Any]) -> None:
    """Put one row per contact with an order: its state, and its worth; nulls where there is too little data."""
    as_of = {"as_of": parameters["as_of"]}
    found = states(_counts(session, as_of), (1 + YEARLY_DISCOUNT) ** (PERIOD_DAYS / 365) - 1)
    listed: Sequence[State | None] = found or [None] * STATES
    session.put_query("retention_worths", _query(listed), as_of)


def _counts(session: Session, as_of: dict[str, Any]) -> list[tuple[int, int]]:
    """How often customers were in each state at the ends of past periods, and how often they bought in the next."""
    found = session.columns(
        f"""
        WITH aged AS (SELECT contact_id, {_AGE} // {PERIOD_DAYS} AS period FROM order_margins),
        starts AS (SELECT unnest(range(1, {PERIODS + 1})) AS start),
        standing AS (
          SELECT s.start, a.contact_id, LEAST(MIN(a.period) - s.start, {STATES - 1}) AS state
          FROM starts AS s JOIN aged AS a ON a.period >= s.start GROUP BY s.start, a.contact_id
        ),
        bought AS (SELECT DISTINCT contact_id, period + 1 AS start FROM aged)
        SELECT s.state, COUNT(*) AS times, COUNT(b.contact_id) AS bought
        FROM standing AS s LEFT JOIN bought AS b ON b.contact_id = s.contact_id AND b.start = s.start
        GROUP BY s.state
        """,
        as_of,
    )
    counts = dict.fromkeys(range(STATES), (0, 0))
    for state, times, bought in zip(found["state"], found["times"], found["bought"], strict=True):
        counts[int(state)] = (int(times), int(bought))
    return [counts[state] for state in range(STATES)]


def _query(listed: Sequence[State | None]) -> str:
    """The margin of an active period is the customer's own, with one period of the average added: few tell little.

    Where a margin is not known of all a customer's orders, their revenue times the company's margin share stands for
    it, or the revenue itself where no margin is known at all; `basis` says so.
    """
    values = ", ".join(
        f"({place}, NULL, NULL, NULL)"
        if state is None
        else f"({place}, {state.rebuy!r}, {state.value!r}, {state.stake!r})"
        for place, state in enumerate(listed)
    )
    return f"""
    WITH states(state, rebuy, value, stake) AS (VALUES {values}),
    company AS (
      SELECT CAST(SUM(margin) AS DOUBLE) / NULLIF(CAST(SUM(CASE WHEN margin IS NOT NULL THEN revenue END) AS DOUBLE), 0)
        AS share
      FROM order_margins
    ),
    sums AS (
      SELECT
        contact_id, LEAST(MIN({_AGE} // {PERIOD_DAYS}), {STATES - 1}) AS state,
        COUNT(DISTINCT {_AGE} // {PERIOD_DAYS}) AS periods, CAST(SUM(revenue) AS DOUBLE) AS revenue,
        CASE WHEN COUNT(margin) = COUNT(revenue) THEN CAST(SUM(margin) AS DOUBLE) END AS margin
      FROM order_margins GROUP BY contact_id
    ),
    earned AS (
      SELECT
        s.*, COALESCE(s.margin, s.revenue * COALESCE(c.share, 1)) AS earnings,
        CASE WHEN s.margin IS NOT NULL THEN 'margin' WHEN c.share IS NOT NULL THEN 'margin_share' ELSE 'revenue' END
          AS basis
      FROM sums AS s CROSS JOIN company AS c
    ),
    pool AS (
      SELECT CAST(SUM(CAST(ROUND(earnings * 100) AS HUGEINT)) AS DOUBLE) / 100
        / NULLIF(SUM(CASE WHEN earnings IS NOT NULL THEN periods END), 0) AS average
      FROM earned
    ),
    worth AS (
      SELECT e.*, t.rebuy, t.value, t.stake, (e.earnings + p.average) / (e.periods + 1) AS per_period
      FROM earned AS e CROSS JOIN pool AS p JOIN states AS t ON t.state = e.state
    )
    SELECT
      contact_id, CAST(state AS INT) AS periods_since, CAST(rebuy AS DOUBLE) AS rebuy_probability,
      CASE WHEN earnings IS NOT NULL THEN basis END AS basis,
      CAST(per_period AS DECIMAL(18, 2)) AS period_margin,
      CAST(GREATEST(per_period, 0) * value AS DECIMAL(18, 2)) AS future_value,
      CAST(GREATEST(per_period, 0) * stake AS DECIMAL(18, 2)) AS retention_worth
    FROM worth
    """
