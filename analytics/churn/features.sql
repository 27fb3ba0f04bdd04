-- What is known of every customer as of $moment, from facts up to then: for learning as of the past, for scoring as of now.
-- `churned`: no order in the $horizon days after the moment (means something only where those days have passed).
-- Customers whose last order is more than 4 x $horizon days old have lapsed already, and are left out.
WITH counted AS (
  SELECT
    o.id,
    o.contact_id,
    DATE_DIFF('day', CAST(o.placed_at AS DATE), CAST(CAST($moment AS TIMESTAMP) AS DATE)) AS age,
    o.placed_at > CAST($moment AS TIMESTAMP) AS is_after,
    o.is_gift,
    CASE WHEN o.currency = $base_currency THEN o.total END AS total,
    CASE WHEN o.currency = $base_currency THEN o.subtotal END AS subtotal,
    CASE WHEN o.currency = $base_currency THEN o.discount_total + o.reimbursed_total END AS discount
  FROM orders AS o
  JOIN contacts AS k ON k.id = o.contact_id
  WHERE o.status <> 'cancelled'
    AND o.placed_at <= CAST($moment AS TIMESTAMP) + $horizon * INTERVAL 1 DAY
),
bought AS (
  SELECT
    contact_id,
    CAST(MIN(age) AS DOUBLE) AS recency_days,
    CAST(MAX(age) AS DOUBLE) AS tenure_days,
    CAST(COUNT(DISTINCT age) AS DOUBLE) AS purchases,
    CAST(COUNT(CASE WHEN age < $horizon THEN 1 END) AS DOUBLE) AS orders_lately,
    CAST(COUNT(CASE WHEN age >= $horizon AND age < 2 * $horizon THEN 1 END) AS DOUBLE) AS orders_before,
    CAST(SUM(total) AS DOUBLE) AS spent,
    CAST(SUM(total) AS DOUBLE) / NULLIF(COUNT(total), 0) AS average_order,
    CAST(SUM(discount) AS DOUBLE) / NULLIF(CAST(SUM(subtotal) AS DOUBLE), 0) AS discount_share,
    CAST(COUNT(CASE WHEN is_gift THEN 1 END) AS DOUBLE) / COUNT(*) AS gift_share
  FROM counted
  WHERE NOT is_after
  GROUP BY contact_id
),
returned AS (
  SELECT c.contact_id, CAST(SUM(r.amount) AS DOUBLE) AS amount
  FROM order_returns AS r
  JOIN counted AS c ON c.id = r.order_id AND c.total IS NOT NULL
  WHERE r."at" <= CAST($moment AS TIMESTAMP)
  GROUP BY c.contact_id
),
variety AS (
  SELECT c.contact_id, CAST(COUNT(DISTINCT l.product_id) AS DOUBLE) AS products
  FROM order_lines AS l
  JOIN counted AS c ON c.id = l.order_id AND NOT c.is_after
  GROUP BY c.contact_id
),
happened AS (
  SELECT
    contact_id,
    CAST(COUNT(CASE WHEN kind = 'case' THEN 1 END) AS DOUBLE) AS cases,
    CAST(COUNT(CASE WHEN kind = 'interaction' THEN 1 END) AS DOUBLE) AS interactions,
    CAST(COUNT(CASE WHEN kind = 'touch' THEN 1 END) AS DOUBLE) AS touches,
    CAST(COUNT(CASE WHEN kind = 'event' THEN 1 END) AS DOUBLE) AS events
  FROM (
    SELECT contact_id, opened_at AS moment, 'case' AS kind FROM cases
    UNION ALL SELECT contact_id, occurred_at, 'interaction' FROM interactions
    UNION ALL SELECT contact_id, occurred_at, 'touch' FROM touches
    UNION ALL SELECT contact_id, occurred_at, 'event' FROM events
  ) AS listed
  WHERE moment <= CAST($moment AS TIMESTAMP)
    AND moment > CAST($moment AS TIMESTAMP) - INTERVAL 90 DAY
  GROUP BY contact_id
)
SELECT
  b.contact_id,
  b.recency_days,
  (b.tenure_days - b.recency_days) / NULLIF(b.purchases - 1, 0) AS mean_gap_days,
  b.recency_days / NULLIF((b.tenure_days - b.recency_days) / NULLIF(b.purchases - 1, 0), 0) AS recency_in_gaps,
  b.tenure_days,
  b.purchases,
  b.orders_lately,
  b.orders_before,
  b.spent,
  b.average_order,
  b.discount_share,
  COALESCE(r.amount, 0) / NULLIF(b.spent, 0) AS return_share,
  b.gift_share,
  COALESCE(v.products, 0) AS products,
  COALESCE(h.cases, 0) AS cases,
  COALESCE(h.interactions, 0) AS interactions,
  COALESCE(h.touches, 0) AS touches,
  COALESCE(h.events, 0) AS events,
  NOT EXISTS (SELECT 1 FROM counted AS a WHERE a.contact_id = b.contact_id AND a.is_after) AS churned
FROM bought AS b
LEFT JOIN returned AS r ON r.contact_id = b.contact_id
LEFT JOIN variety AS v ON v.contact_id = b.contact_id
LEFT JOIN happened AS h ON h.contact_id = b.contact_id
WHERE b.recency_days <= 4 * $horizon
ORDER BY b.contact_id
