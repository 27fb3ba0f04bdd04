-- The months in which each contact ordered first and was acquired, and the groups that cohorts are split by.
WITH sources AS (
  SELECT acquisition_source AS source, ROW_NUMBER() OVER (ORDER BY COUNT(*) DESC, acquisition_source) AS place
  FROM contacts
  WHERE acquisition_source IS NOT NULL
  GROUP BY acquisition_source
)
SELECT
  m.contact_id,
  m.frequency,
  CAST(12 * EXTRACT(YEAR FROM m.first_order_at) + EXTRACT(MONTH FROM m.first_order_at) - 1 AS INT) AS first_month,
  CASE WHEN k.acquisition_at <= CAST($as_of AS TIMESTAMP) THEN
    CAST(12 * EXTRACT(YEAR FROM k.acquisition_at) + EXTRACT(MONTH FROM k.acquisition_at) - 1 AS INT)
  END AS acquired_month,
  CASE WHEN s.place <= 20 THEN s.source WHEN s.place > 20 THEN '(others)' ELSE '(none)' END AS source,
  COALESCE(m.first_order_band, '(none)') AS band
FROM customer_metrics AS m
JOIN contacts AS k ON k.id = m.contact_id
LEFT JOIN sources AS s ON s.source = k.acquisition_source
