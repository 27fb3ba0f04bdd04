-- What every customer bought for themselves, by product: as of now, and as of a cut in the past to judge by.
-- Gifts and what came back whole are no taste. A purchase is a day. Ages are in days before $as_of, or before $cut.
-- `weight` is purchases, each counting half after 180 days, in millionths (whole numbers add up alike in any order).
WITH days AS (
  SELECT DISTINCT
    o.contact_id,
    l.product_id,
    DATE_DIFF('day', CAST(o.placed_at AS DATE), CAST(CAST($as_of AS TIMESTAMP) AS DATE)) AS age
  FROM order_lines AS l
  JOIN orders AS o ON o.id = l.order_id
  WHERE o.status <> 'cancelled'
    AND o.placed_at <= CAST($as_of AS TIMESTAMP)
    AND NOT o.is_gift
    AND NOT l.is_gift
    AND l.quantity > 0
    AND l.returned_quantity < l.quantity
)
SELECT
  c.number AS customer,
  p.number AS product,
  CAST(COUNT(*) AS INT) AS times,
  CAST(MIN(d.age) AS INT) AS age,
  CAST(MAX(d.age) - MIN(d.age) AS INT) AS span,
  CAST(SUM(CAST(ROUND(1000000 * POWER(2, -d.age / 180.0)) AS BIGINT)) AS BIGINT) AS weight,
  CAST(COUNT(CASE WHEN d.age >= $cut THEN 1 END) AS INT) AS times_before,
  CAST(COALESCE(MIN(CASE WHEN d.age >= $cut THEN d.age END) - $cut, 0) AS INT) AS age_before,
  CAST(COALESCE(MAX(d.age) - MIN(CASE WHEN d.age >= $cut THEN d.age END), 0) AS INT) AS span_before,
  CAST(COALESCE(SUM(CASE WHEN d.age >= $cut THEN CAST(ROUND(1000000 * POWER(2, ($cut - d.age) / 180.0)) AS BIGINT) END), 0) AS BIGINT) AS weight_before,
  MIN(d.age) < $cut AS bought_after
FROM days AS d
JOIN recommending_customers AS c ON c.contact_id = d.contact_id
JOIN recommending_products AS p ON p.product_id = d.product_id
GROUP BY c.number, p.number
ORDER BY c.number, p.number
