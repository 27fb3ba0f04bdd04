-- The customers by what their profit says beside their revenue: who is expensive to maintain, who quietly profitable.
-- reads: customer_profits
-- window: all that happened up to as_of
-- key: finding
-- result: report
SELECT
  CASE
    WHEN profit_finding IS NOT NULL THEN profit_finding
    WHEN orders = 0 THEN 'no_orders'
    WHEN profit IS NULL THEN 'profit_unknown'
    ELSE 'other'
  END AS finding,
  COUNT(*) AS customers,
  COUNT(CASE WHEN profit < 0 THEN 1 END) AS at_a_loss,
  COUNT(CASE WHEN gross_margin IS NULL THEN 1 END) AS without_margin,
  CAST(SUM(lines_without_cost) AS BIGINT) AS lines_without_cost,
  CAST(SUM(unrated_events) AS BIGINT) AS unrated_events,
  CAST(SUM(revenue) AS DECIMAL(24, 4)) AS revenue,
  CAST(SUM(gross_margin) AS DECIMAL(24, 4)) AS gross_margin,
  CAST(SUM(cost_to_serve) AS DECIMAL(24, 4)) AS cost_to_serve,
  CAST(SUM(marketing_cost) AS DECIMAL(24, 4)) AS marketing_cost,
  CAST(SUM(acquisition_cost) AS DECIMAL(24, 4)) AS acquisition_cost,
  CAST(SUM(profit) AS DECIMAL(24, 4)) AS profit
FROM customer_profits
GROUP BY
  CASE
    WHEN profit_finding IS NOT NULL THEN profit_finding
    WHEN orders = 0 THEN 'no_orders'
    WHEN profit IS NULL THEN 'profit_unknown'
    ELSE 'other'
  END
ORDER BY finding
