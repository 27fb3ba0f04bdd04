-- Every contact's recency, frequency and monetary value, with quintiles, and the first order.
-- reads: contacts, orders, rfm_grid
-- window: all orders up to as_of
-- key: contact_id
--
-- Behaviour counts every order that was not cancelled; money counts those in the base currency, less what was returned.
-- Amounts in other currencies are never added: the contact says how many of its orders they are.
-- Quintiles: 5 is best; each is a ranking of its own; among equals the greater contact id ranks higher.
-- Fewer than five customers have no quintiles.
WITH counted AS (
  SELECT
    o.id,
    o.contact_id,
    o.placed_at,
    CASE WHEN o.currency = $base_currency THEN o.total - o.returned_total END AS net
  FROM orders AS o
  WHERE o.contact_id IS NOT NULL
    AND o.status <> 'cancelled'
    AND o.placed_at <= CAST($as_of AS TIMESTAMP)
),
totals AS (
  SELECT
    contact_id,
    COUNT(*) AS frequency,
    COUNT(net) AS money_orders,
    CAST(SUM(net) AS DECIMAL(18, 2)) AS monetary,
    MIN(placed_at) AS first_order_at,
    MAX(placed_at) AS last_order_at
  FROM counted
  GROUP BY contact_id
),
-- Of several orders at the first moment the one with the smallest id is the first.
first_ids AS (
  SELECT c.contact_id, MIN(c.id) AS id
  FROM counted AS c
  JOIN totals AS t ON t.contact_id = c.contact_id AND t.first_order_at = c.placed_at
  GROUP BY c.contact_id
),
customers AS (
  SELECT
    t.*,
    c.net AS first_order_value,
    DATE_DIFF('day', CAST(t.last_order_at AS DATE), CAST(CAST($as_of AS TIMESTAMP) AS DATE)) AS recency_days,
    DATE_DIFF('day', CAST(t.first_order_at AS DATE), CAST(CAST($as_of AS TIMESTAMP) AS DATE)) AS tenure_days
  FROM totals AS t
  JOIN contacts AS k ON k.id = t.contact_id
  JOIN first_ids AS f ON f.contact_id = t.contact_id
  JOIN counted AS c ON c.id = f.id
),
-- The median of first orders: the middle one, or halfway between the two in the middle.
ranked_first_orders AS (
  SELECT
    first_order_value,
    ROW_NUMBER() OVER (ORDER BY first_order_value, contact_id) AS place,
    COUNT(*) OVER () AS places
  FROM customers
  WHERE first_order_value IS NOT NULL
),
threshold AS (
  SELECT
    COALESCE(
      CAST($first_order_threshold AS DECIMAL(18, 3)),
      CAST(
        CAST(SUM(first_order_value) AS DECIMAL(18, 2))
        * CASE WHEN COUNT(*) = 1 THEN CAST(1.0 AS DECIMAL(2, 1)) ELSE CAST(0.5 AS DECIMAL(2, 1)) END
        AS DECIMAL(18, 3)
      )
    ) AS value
  FROM ranked_first_orders
  WHERE 2 * place >= places AND 2 * place <= places + 2
),
scored AS (
  SELECT
    contact_id,
    NTILE(5) OVER (ORDER BY recency_days DESC, contact_id) AS recency_quintile,
    NTILE(5) OVER (ORDER BY frequency, contact_id) AS frequency_quintile,
    COUNT(*) OVER () AS population
  FROM customers
),
money_scored AS (
  SELECT
    contact_id,
    NTILE(5) OVER (ORDER BY monetary, contact_id) AS monetary_quintile,
    ROW_NUMBER() OVER (ORDER BY monetary DESC, contact_id DESC) AS place,
    COUNT(*) OVER () AS population
  FROM customers
  WHERE monetary IS NOT NULL
)
SELECT
  k.id AS contact_id,
  CAST(c.recency_days AS INT) AS recency_days,
  CAST(COALESCE(c.frequency, 0) AS INT) AS frequency,
  CASE WHEN c.contact_id IS NULL THEN CAST(0 AS DECIMAL(18, 2)) ELSE c.monetary END AS monetary,
  CAST(COALESCE(c.frequency - c.money_orders, 0) AS INT) AS other_currency_orders,
  CAST(c.tenure_days AS INT) AS tenure_days,
  c.first_order_at,
  c.last_order_at,
  -- Rounded half up in whole cents, because engines divide decimals each in their own way.
  CASE WHEN c.money_orders > 0 THEN
    CAST(
      CAST((2 * CAST(c.monetary * 100 AS BIGINT) + c.money_orders) // (2 * c.money_orders) AS DECIMAL(18, 0))
      * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(18, 2)
    )
  END AS average_order_value,
  c.first_order_value,
  CASE
    WHEN c.first_order_value < t.value THEN 'under'
    WHEN c.first_order_value >= t.value THEN 'over'
  END AS first_order_band,
  CASE WHEN s.population >= 5 THEN CAST(s.recency_quintile AS INT) END AS recency_quintile,
  CASE WHEN s.population >= 5 THEN CAST(s.frequency_quintile AS INT) END AS frequency_quintile,
  CASE WHEN m.population >= 5 THEN CAST(m.monetary_quintile AS INT) END AS monetary_quintile,
  g.segment AS rfm_segment,
  CASE WHEN m.population >= 5 THEN 5 * m.place < m.population + 5 END AS is_top20,
  t.value AS first_order_threshold
FROM contacts AS k
LEFT JOIN customers AS c ON c.contact_id = k.id
LEFT JOIN scored AS s ON s.contact_id = k.id
LEFT JOIN money_scored AS m ON m.contact_id = k.id
LEFT JOIN rfm_grid AS g
  ON g.recency = s.recency_quintile AND g.frequency = s.frequency_quintile AND s.population >= 5
CROSS JOIN threshold AS t
