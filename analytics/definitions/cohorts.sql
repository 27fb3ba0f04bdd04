-- What cohorts of customers did in each period since their first order, and since they were acquired.
-- reads: customer_metrics, contacts, orders, order_lines
-- inlines: cohort_people
-- window: all orders up to as_of
-- key: basis, granularity, split, member, cohort, period
-- result: report
--
-- Only periods in which somebody bought are here. A period is a calendar month, quarter or year (UTC), told by its first
-- month, and that by a number: twelve times the year, and the months before it in that year.
-- Orders of contacts without an acquisition, or from before theirs, are in rows without a cohort: totals are kept.
-- Margin is of orders all of whose lines have a known cost: less what was returned, less the cost of what was kept.
-- Sources beyond the 20 with most contacts are taken together.
WITH costs AS (
  SELECT
    order_id,
    COUNT(*) - COUNT(unit_cost) AS unknown,
    CAST(SUM(unit_cost * (quantity - returned_quantity)) AS DECIMAL(18, 2)) AS cost
  FROM order_lines
  GROUP BY order_id
),
counted AS (
  SELECT
    o.contact_id,
    CAST(12 * EXTRACT(YEAR FROM o.placed_at) + EXTRACT(MONTH FROM o.placed_at) - 1 AS INT) AS month,
    CASE WHEN o.currency = $base_currency THEN o.total - o.returned_total END AS net,
    CASE WHEN o.currency = $base_currency AND c.unknown = 0 THEN o.total - o.returned_total - c.cost END AS margin
  FROM orders AS o
  LEFT JOIN costs AS c ON c.order_id = o.id
  WHERE o.contact_id IS NOT NULL
    AND o.status <> 'cancelled'
    AND o.placed_at <= CAST($as_of AS TIMESTAMP)
),
monthly AS (
  SELECT
    contact_id,
    month,
    COUNT(*) AS orders,
    COUNT(net) AS money_orders,
    COUNT(margin) AS margin_orders,
    CAST(SUM(net) AS DECIMAL(18, 2)) AS revenue,
    CAST(SUM(margin) AS DECIMAL(18, 2)) AS margin
  FROM counted
  GROUP BY contact_id, month
),
granularities AS (
  SELECT name, months FROM (VALUES ('month', 1), ('quarter', 3), ('year', 12)) AS g (name, months)
),
active AS (
  SELECT
    m.contact_id,
    g.name AS granularity,
    g.months,
    m.month // g.months AS period,
    CAST(SUM(m.orders) AS BIGINT) AS orders,
    CAST(SUM(m.money_orders) AS BIGINT) AS money_orders,
    CAST(SUM(m.margin_orders) AS BIGINT) AS margin_orders,
    CAST(SUM(m.revenue) AS DECIMAL(18, 2)) AS revenue,
    CAST(SUM(m.margin) AS DECIMAL(18, 2)) AS margin
  FROM monthly AS m
  CROSS JOIN granularities AS g
  GROUP BY m.contact_id, g.name, g.months, m.month // g.months
),
-- Everybody is in one cell of this, so that every split is a sum over it.
cube AS (
  SELECT
    a.granularity,
    a.months,
    a.period,
    p.first_month // a.months AS first_period,
    CASE WHEN p.acquired_month // a.months <= a.period THEN p.acquired_month // a.months END AS acquired_period,
    p.source,
    p.band,
    COUNT(*) AS active,
    CAST(SUM(a.orders) AS BIGINT) AS orders,
    CAST(SUM(a.money_orders) AS BIGINT) AS money_orders,
    CAST(SUM(a.margin_orders) AS BIGINT) AS margin_orders,
    CAST(SUM(a.revenue) AS DECIMAL(18, 2)) AS revenue,
    CAST(SUM(a.margin) AS DECIMAL(18, 2)) AS margin
  FROM active AS a
  JOIN cohort_people AS p ON p.contact_id = a.contact_id AND p.frequency > 0
  GROUP BY 1, 2, 3, 4, 5, 6, 7
),
splits AS (
  SELECT basis, split
  FROM (VALUES ('first_order'), ('acquisition')) AS b (basis)
  CROSS JOIN (VALUES ('all'), ('source'), ('band')) AS s (split)
),
cells AS (
  SELECT
    s.basis,
    c.granularity,
    c.months,
    s.split,
    CASE s.split WHEN 'source' THEN c.source WHEN 'band' THEN c.band ELSE '' END AS member,
    CASE s.basis WHEN 'first_order' THEN c.first_period ELSE c.acquired_period END AS cohort,
    c.period,
    c.active,
    c.orders,
    c.money_orders,
    c.margin_orders,
    c.revenue,
    c.margin
  FROM cube AS c
  CROSS JOIN splits AS s
)
SELECT
  basis,
  granularity,
  split,
  member,
  CAST(cohort * months AS INT) AS cohort,
  CAST(period * months AS INT) AS period,
  CAST(SUM(active) AS BIGINT) AS active,
  CAST(SUM(orders) AS BIGINT) AS orders,
  CAST(SUM(orders) - SUM(money_orders) AS BIGINT) AS other_currency_orders,
  CAST(SUM(margin_orders) AS BIGINT) AS margin_orders,
  CAST(SUM(revenue) AS DECIMAL(18, 2)) AS revenue,
  CAST(SUM(margin) AS DECIMAL(18, 2)) AS margin
FROM cells
GROUP BY basis, granularity, months, split, member, cohort, period
ORDER BY basis, granularity, split, member, cohort NULLS FIRST, period
