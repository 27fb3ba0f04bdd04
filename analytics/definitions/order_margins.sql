-- Every order that counts, with what it brought and what was left of it after the cost of the goods.
-- reads: orders, order_lines, contacts
-- window: all orders up to as_of
-- key: order_id
--
-- Revenue is net of discounts and of what was given back; null in other currencies. The goods are what was bought less
-- what came back, at the cost noted on the line. Where one line has no cost, the order's margin is unknown: null.
-- `place`: 1 is the contact's first order; of several at one moment the one with the smallest id comes first.
WITH goods AS (
  SELECT
    order_id,
    CAST(SUM(CAST(unit_cost * (quantity - returned_quantity) AS DECIMAL(28, 7))) AS DECIMAL(18, 2)) AS cost_of_goods,
    COUNT(CASE WHEN unit_cost IS NULL AND quantity <> returned_quantity THEN 1 END) AS unknown
  FROM order_lines
  GROUP BY order_id
),
counted AS (
  SELECT
    o.id,
    o.contact_id,
    o.placed_at,
    CASE WHEN o.currency = $base_currency THEN o.total - o.returned_total END AS revenue,
    CASE WHEN o.currency = $base_currency AND g.unknown = 0 THEN COALESCE(g.cost_of_goods, 0) END AS cost_of_goods
  FROM orders AS o
  JOIN contacts AS k ON k.id = o.contact_id
  LEFT JOIN goods AS g ON g.order_id = o.id
  WHERE o.status <> 'cancelled'
    AND o.placed_at <= CAST($as_of AS TIMESTAMP)
)
SELECT
  id AS order_id,
  contact_id,
  placed_at,
  CAST(ROW_NUMBER() OVER (PARTITION BY contact_id ORDER BY placed_at, id) AS INT) AS place,
  CAST(revenue AS DECIMAL(18, 2)) AS revenue,
  CAST(cost_of_goods AS DECIMAL(18, 2)) AS cost_of_goods,
  CAST(revenue - cost_of_goods AS DECIMAL(18, 2)) AS margin
FROM counted
