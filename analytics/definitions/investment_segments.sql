-- What there is to keep, by RFM segment, and among the 20% who brought most.
-- reads: customer_metrics, retention_worths
-- window: all orders up to as_of
-- key: kind, segment
-- result: report
--
-- At risk: rather not buying in the next 90 days than buying.
WITH known AS (
  SELECT m.rfm_segment, m.is_top20, r.*
  FROM customer_metrics AS m
  JOIN retention_worths AS r ON r.contact_id = m.contact_id
  WHERE r.retention_worth IS NOT NULL
),
grouped AS (
  SELECT 'rfm_segment' AS kind, rfm_segment AS segment, k.* FROM known AS k WHERE rfm_segment IS NOT NULL
  UNION ALL
  SELECT 'most_valuable' AS kind, 'top20' AS segment, k.* FROM known AS k WHERE is_top20
)
SELECT
  kind,
  segment,
  COUNT(*) AS customers,
  COUNT(CASE WHEN rebuy_probability < 0.5 THEN 1 END) AS at_risk,
  COUNT(CASE WHEN basis = 'margin' THEN 1 END) AS on_margin,
  CAST(SUM(CAST(FLOOR(rebuy_probability * 1000000 + 0.5) AS BIGINT)) AS DOUBLE) / (1000000 * COUNT(*)) AS rebuy_probability,
  CAST(SUM(period_margin) AS DECIMAL(18, 2)) AS period_margin,
  CAST(SUM(future_value) AS DECIMAL(18, 2)) AS future_value,
  CAST(SUM(retention_worth) AS DECIMAL(18, 2)) AS retention_worth,
  CAST(SUM(CASE WHEN rebuy_probability < 0.5 THEN retention_worth ELSE 0 END) AS DECIMAL(18, 2)) AS at_risk_worth
FROM grouped
GROUP BY kind, segment
ORDER BY kind, retention_worth DESC, segment
