-- What customers became worth, by the value of their first order: under the threshold, or at it and over.
-- reads: customer_metrics
-- window: all orders up to as_of
-- key: band
-- result: report
--
-- The threshold is the median first order unless one is given. Averages are rounded half up to cents.
WITH bands AS (
  SELECT
    first_order_band AS band,
    first_order_threshold AS threshold,
    COUNT(*) AS customers,
    CAST(SUM(frequency) AS BIGINT) AS orders,
    CAST(SUM(monetary) AS DECIMAL(18, 2)) AS revenue,
    CAST(SUM(first_order_value) AS DECIMAL(18, 2)) AS first_revenue
  FROM customer_metrics
  WHERE first_order_band IS NOT NULL
  GROUP BY first_order_band, first_order_threshold
)
SELECT
  band,
  threshold,
  customers,
  orders,
  revenue,
  CAST(
    CAST((2 * CAST(revenue * 100 AS BIGINT) + customers) // (2 * customers) AS DECIMAL(18, 0))
    * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(18, 2)
  ) AS average_value,
  CAST(
    CAST((2 * CAST(first_revenue * 100 AS BIGINT) + customers) // (2 * customers) AS DECIMAL(18, 0))
    * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(18, 2)
  ) AS average_first_order
FROM bands
ORDER BY band DESC
