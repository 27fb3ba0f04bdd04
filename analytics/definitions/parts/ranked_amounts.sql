-- What each customer brings, by measure, the best first: place, and what those up to there bring together.
-- Among equals the greater contact id comes first.
WITH amounts AS (
  SELECT 'revenue' AS measure, contact_id, monetary AS amount
  FROM customer_metrics
  WHERE frequency > 0 AND monetary IS NOT NULL
)
SELECT
  measure,
  amount,
  ROW_NUMBER() OVER (PARTITION BY measure ORDER BY amount DESC, contact_id DESC) AS place,
  COUNT(*) OVER (PARTITION BY measure) AS customers,
  SUM(amount) OVER (PARTITION BY measure) AS total,
  SUM(amount) OVER (
    PARTITION BY measure ORDER BY amount DESC, contact_id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS cumulative
FROM amounts
