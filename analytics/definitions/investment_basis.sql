-- What was spent on winning and keeping customers, and what came of it, in the last period of so many days.
-- reads: order_margins, attribution_touches
-- window: the last two periods of 30, 90, 180 and 365 days up to as_of
-- key: period_days
-- result: report
--
-- Kept: who bought in the period before the last and again in the last. Prospects: who were touched in the last period
-- before their first order; won: those of them whose first order came in it. Touches of nobody known are spent on
-- prospects. Margins are of orders where they are known.
WITH periods AS (
  SELECT 30 AS period_days UNION ALL SELECT 90 AS period_days UNION ALL SELECT 180 AS period_days
  UNION ALL SELECT 365 AS period_days
),
aged AS (
  SELECT
    o.*,
    DATE_DIFF('day', CAST(o.placed_at AS DATE), CAST(CAST($as_of AS TIMESTAMP) AS DATE)) AS age
  FROM order_margins AS o
),
history AS (
  SELECT MAX(age) AS history_days FROM aged
),
customers AS (
  SELECT
    p.period_days,
    a.contact_id,
    MAX(CASE WHEN a.age < p.period_days THEN 1 ELSE 0 END) AS is_active,
    MAX(CASE WHEN a.age >= p.period_days THEN 1 ELSE 0 END) AS was_active,
    MAX(CASE WHEN a.age < p.period_days AND a.place = 1 THEN 1 ELSE 0 END) AS is_new
  FROM periods AS p
  JOIN aged AS a ON a.age < 2 * p.period_days
  GROUP BY p.period_days, a.contact_id
),
counted AS (
  SELECT
    period_days,
    SUM(was_active) AS prior_customers,
    SUM(was_active * is_active) AS kept_customers,
    SUM(is_active) AS active_customers,
    SUM(is_new) AS new_customers
  FROM customers
  GROUP BY period_days
),
sold AS (
  SELECT
    p.period_days,
    COUNT(*) AS orders,
    COUNT(a.revenue) AS revenue_orders,
    COUNT(a.margin) AS margin_orders,
    CAST(SUM(a.revenue) AS DECIMAL(18, 2)) AS revenue,
    CAST(SUM(a.margin) AS DECIMAL(18, 2)) AS margin,
    CAST(SUM(CASE WHEN a.margin IS NOT NULL THEN a.revenue END) AS DECIMAL(18, 2)) AS revenue_of_margin
  FROM periods AS p
  JOIN aged AS a ON a.age < p.period_days
  GROUP BY p.period_days
),
touched AS (
  SELECT
    t.touch_id,
    t.contact_id,
    t.occurred_at,
    t.cost,
    t.cost_status,
    f.placed_at AS first_order_at,
    CASE WHEN f.placed_at IS NULL OR t.occurred_at <= f.placed_at THEN 1 ELSE 0 END AS is_prospect,
    DATE_DIFF('day', CAST(t.occurred_at AS DATE), CAST(CAST($as_of AS TIMESTAMP) AS DATE)) AS age
  FROM attribution_touches AS t
  LEFT JOIN order_margins AS f ON f.contact_id = t.contact_id AND f.place = 1
  WHERE t.conversion = 'every_order'
),
spent AS (
  SELECT
    p.period_days,
    CAST(SUM(CASE WHEN t.is_prospect = 1 THEN t.cost END) AS DECIMAL(18, 2)) AS acquisition_cost,
    CAST(SUM(CASE WHEN t.is_prospect = 0 THEN t.cost END) AS DECIMAL(18, 2)) AS retention_cost,
    COUNT(CASE WHEN t.is_prospect = 1 AND t.cost_status <> 'known' THEN 1 END) AS acquisition_unknown_touches,
    COUNT(CASE WHEN t.is_prospect = 0 AND t.cost_status <> 'known' THEN 1 END) AS retention_unknown_touches,
    COUNT(DISTINCT CASE WHEN t.is_prospect = 1 THEN t.contact_id END) AS prospects,
    COUNT(DISTINCT CASE WHEN t.is_prospect = 1 AND t.first_order_at IS NOT NULL THEN t.contact_id END) AS won
  FROM periods AS p
  JOIN touched AS t ON t.age < p.period_days
  GROUP BY p.period_days
)
SELECT
  CAST(p.period_days AS INT) AS period_days,
  CAST(h.history_days AS INT) AS history_days,
  CAST(COALESCE(c.prior_customers, 0) AS BIGINT) AS prior_customers,
  CAST(COALESCE(c.kept_customers, 0) AS BIGINT) AS kept_customers,
  CAST(COALESCE(c.active_customers, 0) AS BIGINT) AS active_customers,
  CAST(COALESCE(c.new_customers, 0) AS BIGINT) AS new_customers,
  COALESCE(o.orders, 0) AS orders,
  COALESCE(o.revenue_orders, 0) AS revenue_orders,
  COALESCE(o.margin_orders, 0) AS margin_orders,
  o.revenue,
  o.margin,
  o.revenue_of_margin,
  s.acquisition_cost,
  s.retention_cost,
  COALESCE(s.acquisition_unknown_touches, 0) AS acquisition_unknown_touches,
  COALESCE(s.retention_unknown_touches, 0) AS retention_unknown_touches,
  COALESCE(s.prospects, 0) AS prospects,
  COALESCE(s.won, 0) AS won
FROM periods AS p
CROSS JOIN history AS h
LEFT JOIN counted AS c ON c.period_days = p.period_days
LEFT JOIN sold AS o ON o.period_days = p.period_days
LEFT JOIN spent AS s ON s.period_days = p.period_days
ORDER BY p.period_days
