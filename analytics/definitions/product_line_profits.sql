-- What every product line brought and cost in every month, by the segment of the customer.
-- reads: contacts, customer_metrics, products, product_lines, campaign_shares, orders, order_lines, order_returns, interactions, cases, touches, cost_activities, cost_rates
-- inlines: cost_events
-- window: all that happened up to as_of
-- key: dimension, segment, month, product_line_id
-- result: report
--
-- Every dimension tells the whole: its segments add up to the same figures, which are those of all contacts'
-- profits. An empty segment is of contacts of whom it is not known; the empty product line holds what names no product:
-- discounts and returns of whole orders, the handling of orders, calls, advertising. It is not spread over lines, since
-- any key by which it could be would make lines look alike.
-- Sales, discounts, returns and goods are of the month of the order, costs of the month in which they arose.
WITH counted AS (
  SELECT
    id, contact_id, CAST(DATE_TRUNC('month', placed_at) AS DATE) AS month, subtotal, discount_total, returned_total
  FROM orders
  WHERE contact_id IS NOT NULL
    AND currency = $base_currency
    AND status <> 'cancelled'
    AND placed_at <= CAST($as_of AS TIMESTAMP)
),
entries AS (
  -- What was sold, by line of goods.
  SELECT
    c.month AS month,
    c.contact_id AS contact_id,
    p.line_id AS line_id,
    CAST(l.subtotal AS DECIMAL(18, 4)) AS sales,
    CAST(l.discount_total AS DECIMAL(18, 4)) AS discounts,
    CAST(0 AS DECIMAL(18, 4)) AS returns,
    CAST(
      (l.quantity - l.returned_quantity) * CAST(COALESCE(l.unit_cost, 0) AS DECIMAL(18, 4)) AS DECIMAL(18, 4)
    ) AS cost_of_goods,
    CAST(0 AS DECIMAL(18, 4)) AS sales_without_lines,
    CASE WHEN l.unit_cost IS NULL AND l.quantity <> l.returned_quantity THEN 1 ELSE 0 END AS lines_without_cost,
    CAST(0 AS DECIMAL(18, 4)) AS service_cost,
    CAST(0 AS DECIMAL(18, 4)) AS order_cost,
    CAST(0 AS DECIMAL(18, 4)) AS return_cost,
    CAST(0 AS DECIMAL(18, 4)) AS delivery_cost,
    CAST(0 AS DECIMAL(18, 4)) AS marketing_cost,
    CAST(0 AS DECIMAL(18, 4)) AS acquisition_cost,
    0 AS unrated_events
  FROM order_lines AS l
  JOIN counted AS c ON c.id = l.order_id
  LEFT JOIN products AS p ON p.id = l.product_id
  UNION ALL
  -- What came back.
  SELECT
    c.month AS month,
    c.contact_id AS contact_id,
    p.line_id AS line_id,
    CAST(0 AS DECIMAL(18, 4)) AS sales,
    CAST(0 AS DECIMAL(18, 4)) AS discounts,
    CAST(r.amount AS DECIMAL(18, 4)) AS returns,
    CAST(0 AS DECIMAL(18, 4)) AS cost_of_goods,
    CAST(0 AS DECIMAL(18, 4)) AS sales_without_lines,
    0 AS lines_without_cost,
    CAST(0 AS DECIMAL(18, 4)) AS service_cost,
    CAST(0 AS DECIMAL(18, 4)) AS order_cost,
    CAST(0 AS DECIMAL(18, 4)) AS return_cost,
    CAST(0 AS DECIMAL(18, 4)) AS delivery_cost,
    CAST(0 AS DECIMAL(18, 4)) AS marketing_cost,
    CAST(0 AS DECIMAL(18, 4)) AS acquisition_cost,
    0 AS unrated_events
  FROM order_returns AS r
  JOIN counted AS c ON c.id = r.order_id
  LEFT JOIN order_lines AS l ON l.id = r.line_id
  LEFT JOIN products AS p ON p.id = l.product_id
  UNION ALL
  -- What orders have beyond their lines and returns: the whole, less both.
  SELECT
    c.month AS month,
    c.contact_id AS contact_id,
    CAST(NULL AS VARCHAR) AS line_id,
    CAST(c.subtotal AS DECIMAL(18, 4)) AS sales,
    CAST(c.discount_total AS DECIMAL(18, 4)) AS discounts,
    CAST(c.returned_total AS DECIMAL(18, 4)) AS returns,
    CAST(0 AS DECIMAL(18, 4)) AS cost_of_goods,
    CAST(c.subtotal AS DECIMAL(18, 4)) AS sales_without_lines,
    0 AS lines_without_cost,
    CAST(0 AS DECIMAL(18, 4)) AS service_cost,
    CAST(0 AS DECIMAL(18, 4)) AS order_cost,
    CAST(0 AS DECIMAL(18, 4)) AS return_cost,
    CAST(0 AS DECIMAL(18, 4)) AS delivery_cost,
    CAST(0 AS DECIMAL(18, 4)) AS marketing_cost,
    CAST(0 AS DECIMAL(18, 4)) AS acquisition_cost,
    0 AS unrated_events
  FROM counted AS c
  UNION ALL
  SELECT
    c.month AS month,
    c.contact_id AS contact_id,
    CAST(NULL AS VARCHAR) AS line_id,
    CAST(-l.subtotal AS DECIMAL(18, 4)) AS sales,
    CAST(-l.discount_total AS DECIMAL(18, 4)) AS discounts,
    CAST(0 AS DECIMAL(18, 4)) AS returns,
    CAST(0 AS DECIMAL(18, 4)) AS cost_of_goods,
    CAST(-l.subtotal AS DECIMAL(18, 4)) AS sales_without_lines,
    0 AS lines_without_cost,
    CAST(0 AS DECIMAL(18, 4)) AS service_cost,
    CAST(0 AS DECIMAL(18, 4)) AS order_cost,
    CAST(0 AS DECIMAL(18, 4)) AS return_cost,
    CAST(0 AS DECIMAL(18, 4)) AS delivery_cost,
    CAST(0 AS DECIMAL(18, 4)) AS marketing_cost,
    CAST(0 AS DECIMAL(18, 4)) AS acquisition_cost,
    0 AS unrated_events
  FROM order_lines AS l
  JOIN counted AS c ON c.id = l.order_id
  UNION ALL
  SELECT
    c.month AS month,
    c.contact_id AS contact_id,
    CAST(NULL AS VARCHAR) AS line_id,
    CAST(0 AS DECIMAL(18, 4)) AS sales,
    CAST(0 AS DECIMAL(18, 4)) AS discounts,
    CAST(-r.amount AS DECIMAL(18, 4)) AS returns,
    CAST(0 AS DECIMAL(18, 4)) AS cost_of_goods,
    CAST(0 AS DECIMAL(18, 4)) AS sales_without_lines,
    0 AS lines_without_cost,
    CAST(0 AS DECIMAL(18, 4)) AS service_cost,
    CAST(0 AS DECIMAL(18, 4)) AS order_cost,
    CAST(0 AS DECIMAL(18, 4)) AS return_cost,
    CAST(0 AS DECIMAL(18, 4)) AS delivery_cost,
    CAST(0 AS DECIMAL(18, 4)) AS marketing_cost,
    CAST(0 AS DECIMAL(18, 4)) AS acquisition_cost,
    0 AS unrated_events
  FROM order_returns AS r
  JOIN counted AS c ON c.id = r.order_id
  UNION ALL
  -- What it took.
  SELECT
    CAST(DATE_TRUNC('month', e.occurred_at) AS DATE) AS month,
    e.contact_id AS contact_id,
    p.line_id AS line_id,
    CAST(0 AS DECIMAL(18, 4)) AS sales,
    CAST(0 AS DECIMAL(18, 4)) AS discounts,
    CAST(0 AS DECIMAL(18, 4)) AS returns,
    CAST(0 AS DECIMAL(18, 4)) AS cost_of_goods,
    CAST(0 AS DECIMAL(18, 4)) AS sales_without_lines,
    0 AS lines_without_cost,
    CASE
      WHEN e.statement_line = 'service' AND e.amount IS NOT NULL THEN e.amount ELSE CAST(0 AS DECIMAL(18, 4))
    END AS service_cost,
    CASE
      WHEN e.statement_line = 'order' AND e.amount IS NOT NULL THEN e.amount ELSE CAST(0 AS DECIMAL(18, 4))
    END AS order_cost,
    CASE
      WHEN e.statement_line = 'return' AND e.amount IS NOT NULL THEN e.amount ELSE CAST(0 AS DECIMAL(18, 4))
    END AS return_cost,
    CASE
      WHEN e.statement_line = 'delivery' AND e.amount IS NOT NULL THEN e.amount ELSE CAST(0 AS DECIMAL(18, 4))
    END AS delivery_cost,
    CASE
      WHEN e.statement_line = 'marketing' AND e.amount IS NOT NULL THEN e.amount ELSE CAST(0 AS DECIMAL(18, 4))
    END AS marketing_cost,
    CASE
      WHEN e.statement_line = 'acquisition' AND e.amount IS NOT NULL THEN e.amount ELSE CAST(0 AS DECIMAL(18, 4))
    END AS acquisition_cost,
    CASE WHEN e.amount IS NULL THEN 1 ELSE 0 END AS unrated_events
  FROM cost_events AS e
  LEFT JOIN products AS p ON p.id = e.product_id
  UNION ALL
  SELECT
    CAST(DATE_TRUNC('month', s.occurred_at) AS DATE) AS month,
    s.contact_id AS contact_id,
    CAST(NULL AS VARCHAR) AS line_id,
    CAST(0 AS DECIMAL(18, 4)) AS sales,
    CAST(0 AS DECIMAL(18, 4)) AS discounts,
    CAST(0 AS DECIMAL(18, 4)) AS returns,
    CAST(0 AS DECIMAL(18, 4)) AS cost_of_goods,
    CAST(0 AS DECIMAL(18, 4)) AS sales_without_lines,
    0 AS lines_without_cost,
    CAST(0 AS DECIMAL(18, 4)) AS service_cost,
    CAST(0 AS DECIMAL(18, 4)) AS order_cost,
    CAST(0 AS DECIMAL(18, 4)) AS return_cost,
    CAST(0 AS DECIMAL(18, 4)) AS delivery_cost,
    CAST(0 AS DECIMAL(18, 4)) AS marketing_cost,
    s.amount AS acquisition_cost,
    0 AS unrated_events
  FROM campaign_shares AS s
),
cells AS (
  SELECT
    e.month,
    e.line_id,
    COALESCE(k.lifecycle_stage, '') AS lifecycle_stage,
    COALESCE(k.region, '') AS region,
    COALESCE(m.rfm_segment, '') AS rfm_segment,
    CAST(SUM(e.sales) AS DECIMAL(24, 4)) AS sales,
    CAST(SUM(e.discounts) AS DECIMAL(24, 4)) AS discounts,
    CAST(SUM(e.returns) AS DECIMAL(24, 4)) AS returns,
    CAST(SUM(e.cost_of_goods) AS DECIMAL(24, 4)) AS cost_of_goods,
    CAST(SUM(e.sales_without_lines) AS DECIMAL(24, 4)) AS sales_without_lines,
    CAST(SUM(e.lines_without_cost) AS BIGINT) AS lines_without_cost,
    CAST(SUM(e.service_cost) AS DECIMAL(24, 4)) AS service_cost,
    CAST(SUM(e.order_cost) AS DECIMAL(24, 4)) AS order_cost,
    CAST(SUM(e.return_cost) AS DECIMAL(24, 4)) AS return_cost,
    CAST(SUM(e.delivery_cost) AS DECIMAL(24, 4)) AS delivery_cost,
    CAST(SUM(e.marketing_cost) AS DECIMAL(24, 4)) AS marketing_cost,
    CAST(SUM(e.acquisition_cost) AS DECIMAL(24, 4)) AS acquisition_cost,
    CAST(SUM(e.unrated_events) AS BIGINT) AS unrated_events
  FROM entries AS e
  JOIN contacts AS k ON k.id = e.contact_id
  LEFT JOIN customer_metrics AS m ON m.contact_id = k.id
  GROUP BY
    e.month, e.line_id, COALESCE(k.lifecycle_stage, ''), COALESCE(k.region, ''), COALESCE(m.rfm_segment, '')
),
dimensions AS (
  SELECT 'all' AS name
  UNION ALL
  SELECT 'lifecycle_stage'
  UNION ALL
  SELECT 'region'
  UNION ALL
  SELECT 'rfm_segment'
),
apportioned AS (
  SELECT
    d.name AS dimension,
    CASE d.name
      WHEN 'lifecycle_stage' THEN c.lifecycle_stage
      WHEN 'region' THEN c.region
      WHEN 'rfm_segment' THEN c.rfm_segment
      ELSE ''
    END AS segment,
    c.*
  FROM cells AS c
  CROSS JOIN dimensions AS d
)
SELECT
  p.dimension,
  p.segment,
  p.month,
  COALESCE(p.line_id, '') AS product_line_id,
  l.name AS product_line,
  CAST(SUM(p.sales) AS DECIMAL(24, 4)) AS sales,
  CAST(SUM(p.discounts) AS DECIMAL(24, 4)) AS discounts,
  CAST(SUM(p.returns) AS DECIMAL(24, 4)) AS returns,
  CAST(SUM(p.cost_of_goods) AS DECIMAL(24, 4)) AS cost_of_goods,
  CAST(SUM(p.sales_without_lines) AS DECIMAL(24, 4)) AS sales_without_lines,
  CAST(SUM(p.lines_without_cost) AS BIGINT) AS lines_without_cost,
  CAST(SUM(p.service_cost) AS DECIMAL(24, 4)) AS service_cost,
  CAST(SUM(p.order_cost) AS DECIMAL(24, 4)) AS order_cost,
  CAST(SUM(p.return_cost) AS DECIMAL(24, 4)) AS return_cost,
  CAST(SUM(p.delivery_cost) AS DECIMAL(24, 4)) AS delivery_cost,
  CAST(SUM(p.marketing_cost) AS DECIMAL(24, 4)) AS marketing_cost,
  CAST(SUM(p.acquisition_cost) AS DECIMAL(24, 4)) AS acquisition_cost,
  CAST(SUM(p.unrated_events) AS BIGINT) AS unrated_events
FROM apportioned AS p
LEFT JOIN product_lines AS l ON l.id = p.line_id
GROUP BY p.dimension, p.segment, p.month, COALESCE(p.line_id, ''), l.name
ORDER BY dimension, segment, month, product_line_id
