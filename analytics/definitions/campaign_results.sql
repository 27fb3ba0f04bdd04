-- What each campaign and each coupon cost and brought.
-- reads: attribution_touches, attribution_journeys, order_margins, order_discounts, orders
-- window: orders within attribution_days after a touch; all redemptions up to as_of
-- key: kind, code
-- result: report
--
-- A campaign is credited with every order in whose window it touched the contact: attributed, not incremental, and
-- one order may count for several campaigns. A coupon is credited with the orders that it was redeemed in; what it cost
-- is the discount that we bore, and its revenue and margin are before that discount.
WITH sent AS (
  SELECT
    campaign_code AS code,
    COUNT(*) AS touches,
    COUNT(DISTINCT contact_id) AS recipients,
    MIN(occurred_at) AS first_at,
    MAX(occurred_at) AS last_at,
    CAST(SUM(cost) AS DECIMAL(18, 2)) AS cost,
    COUNT(CASE WHEN cost_status = 'unknown' THEN 1 END) AS unknown_costs,
    COUNT(CASE WHEN cost_status = 'other_currency' THEN 1 END) AS other_currency_costs
  FROM attribution_touches
  WHERE conversion = 'every_order' AND campaign_code IS NOT NULL
  GROUP BY campaign_code
),
led AS (
  SELECT DISTINCT campaign_code AS code, order_id
  FROM attribution_journeys
  WHERE conversion = 'every_order' AND order_id IS NOT NULL AND campaign_code IS NOT NULL
),
bought AS (
  SELECT
    l.code,
    COUNT(DISTINCT o.contact_id) AS customers,
    COUNT(CASE WHEN o.place = 1 THEN 1 END) AS new_customers,
    COUNT(*) AS orders,
    COUNT(*) - COUNT(o.revenue) AS other_currency_orders,
    COUNT(o.margin) AS margin_orders,
    CAST(SUM(o.revenue) AS DECIMAL(18, 2)) AS revenue,
    CAST(SUM(o.margin) AS DECIMAL(18, 2)) AS margin
  FROM led AS l
  JOIN order_margins AS o ON o.order_id = l.order_id
  GROUP BY l.code
),
given AS (
  SELECT order_id, code, CAST(SUM(CASE WHEN is_reimbursed THEN 0 ELSE amount END) AS DECIMAL(18, 2)) AS discount
  FROM order_discounts
  WHERE code IS NOT NULL AND code <> ''
  GROUP BY order_id, code
),
redeemed AS (
  SELECT id AS order_id, coupon_code AS code FROM orders WHERE coupon_code IS NOT NULL AND coupon_code <> ''
  UNION
  SELECT order_id, code FROM given
),
coupons AS (
  SELECT
    r.code,
    COUNT(DISTINCT o.contact_id) AS customers,
    COUNT(CASE WHEN o.place = 1 THEN 1 END) AS new_customers,
    COUNT(*) AS orders,
    MIN(o.placed_at) AS first_at,
    MAX(o.placed_at) AS last_at,
    COUNT(*) - COUNT(o.revenue) AS other_currency_orders,
    COUNT(o.margin) AS margin_orders,
    COUNT(CASE WHEN o.revenue IS NOT NULL AND g.discount IS NULL THEN 1 END) AS unknown_costs,
    CAST(SUM(o.revenue + COALESCE(g.discount, 0)) AS DECIMAL(18, 2)) AS revenue,
    CAST(SUM(o.margin + COALESCE(g.discount, 0)) AS DECIMAL(18, 2)) AS margin,
    CAST(SUM(CASE WHEN o.revenue IS NOT NULL THEN g.discount END) AS DECIMAL(18, 2)) AS cost
  FROM redeemed AS r
  JOIN order_margins AS o ON o.order_id = r.order_id
  LEFT JOIN given AS g ON g.order_id = r.order_id AND g.code = r.code
  GROUP BY r.code
)
SELECT
  'campaign' AS kind,
  s.code,
  s.first_at,
  s.last_at,
  s.touches,
  s.recipients,
  s.cost,
  s.unknown_costs,
  s.other_currency_costs,
  COALESCE(b.customers, 0) AS customers,
  COALESCE(b.new_customers, 0) AS new_customers,
  COALESCE(b.orders, 0) AS orders,
  COALESCE(b.other_currency_orders, 0) AS other_currency_orders,
  COALESCE(b.margin_orders, 0) AS margin_orders,
  b.revenue,
  b.margin
FROM sent AS s
LEFT JOIN bought AS b ON b.code = s.code
UNION ALL
SELECT
  'coupon' AS kind,
  code,
  first_at,
  last_at,
  CAST(NULL AS BIGINT) AS touches,
  CAST(NULL AS BIGINT) AS recipients,
  cost,
  unknown_costs,
  CAST(0 AS BIGINT) AS other_currency_costs,
  customers,
  new_customers,
  orders,
  other_currency_orders,
  margin_orders,
  revenue,
  margin
FROM coupons
ORDER BY kind, code
