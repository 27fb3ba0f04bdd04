-- How unequally customers bring what they bring: Gini, what the best bring, how many bring four fifths, who takes.
-- reads: customer_metrics
-- inlines: ranked_amounts
-- window: all orders up to as_of
-- key: measure
-- result: report
--
-- Gini = sum of (2 i - n - 1) x_i / (n sum of |x_i|), i counted from the least: of no negative x the usual one (Sen 1973,
-- On Economic Inequality, p. 31), otherwise that of Raffinetti, Siletti & Vernizzi (2015), which stays within 0 and 1.
-- The best p percent are rounded up to whole customers.
WITH summed AS (
  SELECT
    measure,
    customers,
    CAST(total AS DECIMAL(18, 2)) AS total,
    COUNT(CASE WHEN amount > 0 THEN 1 END) AS gainers,
    COUNT(CASE WHEN amount < 0 THEN 1 END) AS losers,
    CAST(COALESCE(SUM(CASE WHEN amount > 0 THEN amount END), 0) AS DECIMAL(18, 2)) AS peak,
    CAST(COALESCE(SUM(CASE WHEN amount < 0 THEN -amount END), 0) AS DECIMAL(18, 2)) AS lost,
    SUM(CAST(customers + 1 - 2 * place AS DECIMAL(12, 0)) * amount) AS spread,
    MIN(CASE WHEN total > 0 AND 5 * cumulative >= 4 * total THEN place END) AS eighty_customers,
    CAST(SUM(CASE WHEN 100 * (place - 1) < 1 * customers THEN amount END) AS DECIMAL(18, 2)) AS top1,
    CAST(SUM(CASE WHEN 100 * (place - 1) < 5 * customers THEN amount END) AS DECIMAL(18, 2)) AS top5,
    CAST(SUM(CASE WHEN 100 * (place - 1) < 10 * customers THEN amount END) AS DECIMAL(18, 2)) AS top10,
    CAST(SUM(CASE WHEN 100 * (place - 1) < 20 * customers THEN amount END) AS DECIMAL(18, 2)) AS top20,
    CAST(SUM(CASE WHEN 100 * (place - 1) < 50 * customers THEN amount END) AS DECIMAL(18, 2)) AS top50
  FROM ranked_amounts
  GROUP BY measure, customers, total
)
SELECT
  measure,
  CAST(customers AS BIGINT) AS customers,
  total,
  gainers,
  losers,
  peak,
  lost,
  CASE WHEN customers > 1 AND peak + lost > 0
    THEN CAST(spread AS DOUBLE) / CAST(CAST(customers AS DECIMAL(12, 0)) * (peak + lost) AS DOUBLE)
  END AS gini,
  CAST(eighty_customers AS BIGINT) AS eighty_customers,
  top1,
  top5,
  top10,
  top20,
  top50
FROM summed
ORDER BY measure
