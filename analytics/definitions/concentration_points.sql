-- What the best customers bring together, counted from the best one: the curve of Lorenz and the whale curve.
-- reads: customer_metrics
-- inlines: ranked_amounts
-- window: all orders up to as_of
-- key: measure, place
-- result: report
--
-- Of at most 200 points each is exact: the customers that make up half a percent more, rounded up. Of fewer than 200
-- customers each is a point. Among equals the greater contact id comes first.
SELECT
  measure,
  CAST(place AS BIGINT) AS place,
  CAST(cumulative AS DECIMAL(18, 2)) AS cumulative
FROM ranked_amounts
WHERE place * 200 // customers > (place - 1) * 200 // customers
ORDER BY measure, place
