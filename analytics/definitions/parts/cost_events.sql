-- One row for everything that happened with a customer and costs us something: what was done, how much of it, at which
-- rate, and what it came to. Where the amount is null, `reason` says why.
-- reads: orders, order_lines, order_returns, interactions, cases, touches, cost_activities, cost_rates
-- window: all that happened up to as_of
--
-- Time-driven activity-based costing (Kaplan & Anderson 2004, 2007): amount = units of the driver x cost of one unit,
-- rounded half up to 1/100 of a cent, once, here. Everything that is added up from amounts then adds up exactly.
-- The rate is the one that held on the day (in UTC) of the event. Two activities that hold of one event cost both.
-- Minutes of an interaction about a case are the case's; they are not counted a second time.
-- Marketing up to the first order is acquisition. Cancelled orders, and what hangs on them, cost nothing here.
-- PostgreSQL runs this text too, over the rows of one contact (analytics/costing/live.py).
WITH placed AS (
  SELECT id, contact_id, placed_at, channel
  FROM orders
  WHERE status <> 'cancelled' AND placed_at <= CAST($as_of AS TIMESTAMP)
),
first_orders AS (
  SELECT contact_id, MIN(placed_at) AS first_order_at
  FROM placed
  WHERE contact_id IS NOT NULL
  GROUP BY contact_id
),
occurrences AS (
  SELECT
    'order' AS driver, 'order' AS source, id AS source_id, contact_id, placed_at AS occurred_at, channel,
    CAST(NULL AS VARCHAR) AS kind, CAST(NULL AS VARCHAR) AS direction, CAST(NULL AS VARCHAR) AS campaign_code,
    CAST(NULL AS VARCHAR) AS product_id, CAST(1 AS DECIMAL(18, 3)) AS quantity
  FROM placed
  UNION ALL
  SELECT
    d.driver, 'order_line', l.id, p.contact_id, p.placed_at, p.channel,
    NULL, NULL, NULL, l.product_id,
    CASE WHEN d.driver = 'order_line' THEN CAST(1 AS DECIMAL(18, 3)) ELSE CAST(l.quantity AS DECIMAL(18, 3)) END
  FROM order_lines AS l
  JOIN placed AS p ON p.id = l.order_id
  JOIN (
    SELECT DISTINCT driver FROM cost_activities WHERE is_active AND driver IN ('order_line', 'ordered_unit')
  ) AS d ON d.driver IS NOT NULL
  UNION ALL
  SELECT
    d.driver, 'order_return', r.id, p.contact_id, r."at", p.channel,
    NULL, NULL, NULL, l.product_id,
    CASE WHEN d.driver = 'return' THEN CAST(1 AS DECIMAL(18, 3)) ELSE CAST(r.quantity AS DECIMAL(18, 3)) END
  FROM order_returns AS r
  JOIN placed AS p ON p.id = r.order_id
  LEFT JOIN order_lines AS l ON l.id = r.line_id
  JOIN (
    SELECT DISTINCT driver FROM cost_activities WHERE is_active AND driver IN ('return', 'returned_unit')
  ) AS d ON d.driver IS NOT NULL
  WHERE r."at" <= CAST($as_of AS TIMESTAMP)
  UNION ALL
  SELECT
    'interaction', 'interaction', id, contact_id, occurred_at, channel, kind, direction, NULL, NULL,
    CAST(1 AS DECIMAL(18, 3))
  FROM interactions
  WHERE occurred_at <= CAST($as_of AS TIMESTAMP)
  UNION ALL
  SELECT
    'interaction_minutes', 'interaction', i.id, i.contact_id, i.occurred_at, i.channel, i.kind, i.direction, NULL, NULL,
    CAST(i.minutes AS DECIMAL(18, 3))
  FROM interactions AS i
  LEFT JOIN cases AS c ON c.id = i.case_id
  WHERE i.occurred_at <= CAST($as_of AS TIMESTAMP) AND c.id IS NULL
  UNION ALL
  SELECT
    d.driver, 'case', c.id, c.contact_id, c.opened_at, c.channel, c.priority, NULL, NULL, c.product_id,
    CASE WHEN d.driver = 'case' THEN CAST(1 AS DECIMAL(18, 3)) ELSE CAST(c.minutes AS DECIMAL(18, 3)) END
  FROM cases AS c
  JOIN (
    SELECT DISTINCT driver FROM cost_activities WHERE is_active AND driver IN ('case', 'case_minutes')
  ) AS d ON d.driver IS NOT NULL
  WHERE c.opened_at <= CAST($as_of AS TIMESTAMP)
  UNION ALL
  SELECT
    'touch', 'touch', id, contact_id, occurred_at, channel, medium, NULL, campaign_code, NULL,
    CAST(1 AS DECIMAL(18, 3))
  FROM touches
  WHERE occurred_at <= CAST($as_of AS TIMESTAMP)
),
costed AS (
  SELECT
    o.contact_id, o.source, o.source_id, o.occurred_at, a.id AS activity_id, a.key AS activity, a.statement_line,
    o.campaign_code, o.product_id, o.quantity, r.id AS rate_id, CAST(r.amount AS DECIMAL(18, 4)) AS rate,
    CASE
      WHEN o.quantity >= 0 THEN CAST(o.quantity * CAST(r.amount AS DECIMAL(18, 4)) AS DECIMAL(18, 4))
    END AS amount,
    CASE
      WHEN o.quantity IS NULL THEN 'no_quantity'
      WHEN o.quantity < 0 THEN 'negative_quantity'
      WHEN r.id IS NULL THEN 'no_rate'
    END AS reason
  FROM occurrences AS o
  JOIN cost_activities AS a
    ON a.driver = o.driver
    AND a.is_active
    AND (a.channels IS NULL OR STRPOS(a.channels, CHR(10) || o.channel || CHR(10)) > 0)
    AND (a.kinds IS NULL OR STRPOS(a.kinds, CHR(10) || o.kind || CHR(10)) > 0)
    AND (a.direction IS NULL OR a.direction = o.direction)
  LEFT JOIN cost_rates AS r
    ON r.activity_id = a.id
    AND r.valid_from <= CAST(o.occurred_at AS DATE)
    AND (r.valid_to IS NULL OR r.valid_to > CAST(o.occurred_at AS DATE))
  UNION ALL
  -- What a touch itself cost, as its sender recorded it.
  SELECT
    contact_id, 'touch', id, occurred_at, NULL, 'recorded_cost', 'marketing', campaign_code, NULL,
    CAST(1 AS DECIMAL(18, 3)), NULL, NULL,
    CASE WHEN currency = $base_currency AND cost >= 0 THEN CAST(cost AS DECIMAL(18, 4)) END,
    CASE WHEN currency <> $base_currency THEN 'other_currency' WHEN cost < 0 THEN 'negative_quantity' END
  FROM touches
  WHERE cost IS NOT NULL AND occurred_at <= CAST($as_of AS TIMESTAMP)
)
SELECT
  c.contact_id,
  c.source,
  c.source_id,
  c.occurred_at,
  c.activity_id,
  c.activity,
  CASE
    WHEN c.statement_line = 'marketing' AND (f.first_order_at IS NULL OR c.occurred_at <= f.first_order_at)
      THEN 'acquisition'
    ELSE c.statement_line
  END AS statement_line,
  c.campaign_code,
  c.product_id,
  c.quantity,
  c.rate_id,
  c.rate,
  c.amount,
  c.reason
FROM costed AS c
LEFT JOIN first_orders AS f ON f.contact_id = c.contact_id
