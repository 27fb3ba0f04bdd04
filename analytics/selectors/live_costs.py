"""The definitions of costs and profits, run by PostgreSQL over the rows of one contact.

They are the same files that the engine runs over the lake: each fact that they read becomes a common table expression
of the fact's own columns, narrowed to the contact. So a statement can be asked for any period, is exact at this moment,
and agrees with what a recomputation would find. Cost follows the contact's rows, not everybody's.
"""

# ruff: noqa: S608 - the SQL is made of declarations and of our own files; the values are bound

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from analytics import facts
from analytics.steps import definitions

Row = dict[str, Any]

_OWN = "t.contact_id = %(contact)s"
_OF_ORDERS = "t.order_id IN (SELECT id FROM crm_order WHERE contact_id = %(contact)s)"
_CASES = (
    "t.id IN (SELECT id FROM crm_case WHERE contact_id = %(contact)s UNION "
    "SELECT case_id FROM crm_interaction WHERE contact_id = %(contact)s AND case_id IS NOT NULL)"
)
# Which rows of a fact can have to do with the contact.
_NARROWED = {
    "contacts": "t.id = %(contact)s",
    "orders": _OWN,
    "order_lines": _OF_ORDERS,
    "order_returns": _OF_ORDERS,
    "interactions": _OWN,
    "cases": _CASES,
    "touches": _OWN,
    "cost_activities": "true",
    "cost_rates": "true",
}
_PARAMETER = re.compile(r"\$([a-z_][a-z0-9_]*)")
# What campaigns spent in vain is shared out among all: it is known from the last computation only.
_SHARES = (
    "SELECT m.contact_id::text AS contact_id, coalesce(m.first_order_at, m.as_of) AT TIME ZONE 'UTC' AS occurred_at, "
    "m.campaign_share AS amount FROM analytics_contact_metrics AS m "
    "WHERE m.contact_id = %(contact)s AND m.campaign_share <> 0"
)
_OF_CONTACT = "contact_id = %(contact_text)s"
_PLACED = "placed_at <= %(as_of)s::timestamp"
_WITHIN = "{0} >= %(start)s::timestamp AND {0} < %(end)s::timestamp"
_ENTRIES = """
SELECT statement_line AS line, source, source_id, occurred_at, activity, quantity, rate, rate_id, amount, reason
FROM cost_events
UNION ALL
SELECT 'acquisition', 'campaign', contact_id, occurred_at, 'campaign_share', NULL, NULL, NULL, amount, NULL
FROM campaign_shares
UNION ALL
SELECT k.line, 'order', o.id, o.placed_at, k.line, NULL, NULL, NULL,
  CASE WHEN o.currency = %(base_currency)s THEN k.amount END::numeric(18, 4),
  CASE WHEN o.currency <> %(base_currency)s THEN 'other_currency' END
FROM period_orders AS o
CROSS JOIN LATERAL (
  VALUES ('sales', o.subtotal), ('discounts', o.discount_total), ('returns', o.returned_total)
) AS k (line, amount)
WHERE o.status <> 'cancelled' AND (k.line = 'sales' OR k.amount <> 0)
UNION ALL
SELECT 'cost_of_goods', 'order_line', l.id, o.placed_at, 'cost_of_goods', l.quantity - l.returned_quantity, l.unit_cost,
  NULL, ((l.quantity - l.returned_quantity) * l.unit_cost)::numeric(18, 4),
  CASE WHEN l.unit_cost IS NULL THEN 'no_cost' END
FROM order_lines AS l
JOIN period_orders AS o ON o.id = l.order_id
WHERE o.status <> 'cancelled' AND o.currency = %(base_currency)s AND l.quantity <> l.returned_quantity
"""


@dataclass(frozen=True)
class Question:
    """About whom, as of when, and about which period: from `start` on, up to before `end`; all where not given."""

    contact_id: UUID
    as_of: datetime
    start: datetime | None = None
    end: datetime | None = None

    @property
    def bound(self) -> Row:
        return {
            "contact": self.contact_id,
            "contact_text": str(self.contact_id),
            "as_of": _moment(self.as_of),
            "base_currency": settings.BASE_CURRENCY,
            "start": _moment(self.start) if self.start else "-infinity",
            "end": _moment(self.end) if self.end else "infinity",
        }


def statement(question: Question) -> Row:
    """The contact's row of `customer_profits`, of the period. Empty where there is no such contact."""
    profits = definitions.with_table(definitions.text("customer_profits"), "orders", "SELECT * FROM period_orders")
    answer = f"customer_costs AS ({_translated(definitions.text('customer_costs'))})"
    found = _rows(f"{_tables()}, {answer} SELECT * FROM ({_translated(profits)}) AS statement", question.bound)
    return found[0] if found else {}


def activities(question: Question) -> list[Row]:
    """What each activity cost, by statement line: events, those without an amount, quantity and amount."""
    return _rows(
        f"{_tables()} SELECT statement_line AS line, activity, count(*) AS events, count(*) - count(amount) AS "
        "unrated_events, sum(quantity) AS quantity, sum(amount) AS amount FROM cost_events GROUP BY 1, 2 ORDER BY 1, 2",
        question.bound,
    )


def entries(question: Question, *, line: str | None, after: list[Any] | None, limit: int) -> list[Row]:
    """What the lines of the statement consist of, newest first, from behind `after`: the last row's KEY."""
    conditions = ["true"]
    bound = question.bound | {"limit": limit}
    if line is not None:
        conditions.append("line = %(line)s")
        bound["line"] = line
    if after is not None:
        conditions.append(
            "(occurred_at, source_id, line, activity) < (%(at)s::timestamp, %(id)s, %(after_line)s, %(activity)s)"
        )
        bound |= dict(zip(("at", "id", "after_line", "activity"), after, strict=True))
    return _rows(
        f"{_tables()} SELECT * FROM ({_ENTRIES}) AS entries WHERE {' AND '.join(conditions)} "
        "ORDER BY occurred_at DESC, source_id DESC, line DESC, activity DESC LIMIT %(limit)s",
        bound,
    )


@cache
def _tables() -> str:
    """WITH: the facts about the contact, the period's orders and cost events, the contact's share of campaigns."""
    parts = [f"{name} AS ({_narrowed(name)})" for name in _NARROWED]
    costs = _translated(definitions.part("cost_events"))
    parts += [
        f"all_cost_events AS ({costs})",
        f"cost_events AS (SELECT * FROM all_cost_events WHERE {_OF_CONTACT} AND {_WITHIN.format('occurred_at')})",
        f"campaign_shares AS (SELECT * FROM ({_SHARES}) AS s WHERE {_WITHIN.format('s.occurred_at')})",
        f"period_orders AS (SELECT * FROM orders WHERE {_PLACED} AND {_WITHIN.format('placed_at')})",
    ]
    return f"WITH {', '.join(parts)}"


def _narrowed(name: str) -> str:
    fact = facts.fact(name)
    # Ids are texts in the lake.
    columns = ", ".join(
        f'({item.expression}){"::text" if item.type == "VARCHAR" else ""} AS "{item.name}"' for item in fact.columns
    )
    return f"SELECT {columns} FROM {fact.table} AS t {fact.joins} WHERE ({fact.where}) AND {_NARROWED[name]}"


def _translated(sql: str) -> str:
    """With parameters as the driver takes them."""
    return _PARAMETER.sub(r"%(\1)s", definitions.bare(sql).replace("%", "%%"))


def _rows(sql: str, bound: Mapping[str, Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, bound)
        names = [item[0] for item in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
