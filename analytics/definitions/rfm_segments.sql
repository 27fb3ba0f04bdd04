-- The customers by RFM segment: how many, what they brought, how recently and how often they buy.
-- reads: customer_metrics
-- window: all orders up to as_of
-- key: segment
-- result: report
SELECT
  rfm_segment AS segment,
  COUNT(*) AS customers,
  CAST(SUM(frequency) AS BIGINT) AS orders,
  CAST(COALESCE(SUM(monetary), 0) AS DECIMAL(18, 2)) AS revenue,
  CAST(SUM(recency_days) AS DOUBLE) / COUNT(*) AS average_recency_days,
  CAST(SUM(frequency) AS DOUBLE) / COUNT(*) AS average_orders
FROM customer_metrics
WHERE rfm_segment IS NOT NULL
GROUP BY rfm_segment
ORDER BY revenue DESC, segment
