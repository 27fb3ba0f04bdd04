-- What the best customers bring together, counted from the best one: the curve of Lorenz and the whale curve.
-- reads: customer_metrics
-- window: all orders up to as_of
-- key: measure, place
-- result: report
--
-- Of at most 200 points each is exact: the customers that make up half a percent more, rounded up. Of fewer than 200
-- customers each is a point. Among equals the greater contact id comes first.
WITH amounts AS (
  SELECT 'revenue' AS measure, contact_id, monetary AS amount
  FROM customer_metrics
  WHERE frequency > 0 AND monetary IS NOT NULL
),
ranked AS (
  SELECT
    measure,
    ROW_NUMBER() OVER (PARTITION BY measure ORDER BY amount DESC, contact_id DESC) AS place,
    COUNT(*) OVER (PARTITION BY measure) AS customers,
    SUM(amount) OVER (
      PARTITION BY measure ORDER BY amount DESC, contact_id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS cumulative
  FROM amounts
)
SELECT
  measure,
  CAST(place AS BIGINT) AS place,
  CAST(cumulative AS DECIMAL(18, 2)) AS cumulative
FROM ranked
WHERE place * 200 // customers > (place - 1) * 200 // customers
ORDER BY measure, place
