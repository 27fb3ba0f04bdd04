-- How much of the revenue comes from the best fifth of the customers.
-- reads: customer_metrics
-- window: all orders up to as_of
-- key: contacts
-- result: report
--
-- The best fifth is rounded up to whole customers. With fewer than five customers there is no share.
SELECT
  COUNT(*) AS contacts,
  COUNT(CASE WHEN frequency > 0 THEN 1 END) AS customers,
  COUNT(CASE WHEN frequency > 0 AND monetary IS NOT NULL THEN 1 END) AS customers_with_revenue,
  CAST(COALESCE(SUM(frequency), 0) AS BIGINT) AS orders,
  CAST(COALESCE(SUM(other_currency_orders), 0) AS BIGINT) AS other_currency_orders,
  CAST(COALESCE(SUM(monetary), 0) AS DECIMAL(18, 2)) AS revenue,
  COUNT(CASE WHEN is_top20 THEN 1 END) AS top20_customers,
  CAST(SUM(CASE WHEN is_top20 THEN monetary END) AS DECIMAL(18, 2)) AS top20_revenue,
  CASE
    WHEN SUM(monetary) > 0
      THEN CAST(SUM(CASE WHEN is_top20 THEN monetary END) AS DOUBLE) / CAST(SUM(monetary) AS DOUBLE)
  END AS top20_share
FROM customer_metrics
